import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { FinishReason, StreamPart } from '../../domain/calls/stream-part.ts';
import { isObject } from '../shared/field-reader.ts';

type Finish = Omit<Extract<StreamPart, { readonly type: 'finish' }>, 'type'>;

/** What the blocks of an answer say about its end; Responses has no word for it. */
export interface AnswerTraits {
  readonly refused: boolean;
  readonly calledTools: boolean;
}

/** Why the answer stopped, from its status and what it holds. */
export function readFinish(response: JsonObject, status: string, traits: AnswerTraits): Finish {
  if (traits.refused) return { reason: 'refusal', rawReason: status };
  if (status === 'completed') return { reason: traits.calledTools ? 'tool-calls' : 'stop', rawReason: status };
  // A background response is accepted, not answered: its end is not ours to see.
  if (status === 'queued' || status === 'in_progress') return { reason: 'pause', rawReason: status };
  const details = response['incomplete_details'];
  const word = isObject(details) && typeof details['reason'] === 'string' ? details['reason'] : status;
  return { reason: incompleteReasons.get(word) ?? 'other', rawReason: word };
}

const incompleteReasons: ReadonlyMap<string, FinishReason> = new Map([
  ['max_output_tokens', 'length'],
  ['max_tokens', 'length'],
  ['content_filter', 'content-filter'],
  ['pause', 'pause'],
]);

/** Status and details of a response that ended for the given reason. */
export interface ResponseEnd {
  readonly status: 'completed' | 'incomplete';
  readonly incompleteReason?: string;
}

/** Says a finish reason in the words of Responses: what was not finished is `incomplete`, never `completed`. */
export function writeFinish(finish: Finish, refusalWritten: boolean): ResponseEnd {
  switch (finish.reason) {
    case 'stop':
    case 'stop-sequence':
    case 'tool-calls':
      return { status: 'completed' };
    case 'refusal':
      // Without words of refusal the client could take the answer for a whole one.
      return refusalWritten ? { status: 'completed' } : { status: 'incomplete', incompleteReason: 'content_filter' };
    case 'length':
      return { status: 'incomplete', incompleteReason: 'max_output_tokens' };
    case 'content-filter':
      return { status: 'incomplete', incompleteReason: 'content_filter' };
    case 'pause':
      return { status: 'incomplete', incompleteReason: 'pause' };
    case 'other':
      return { status: 'incomplete', incompleteReason: finish.rawReason ?? 'other' };
  }
}
