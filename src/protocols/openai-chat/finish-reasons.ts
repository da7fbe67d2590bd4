import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { FinishReason } from '../../domain/calls/stream-part.ts';
import { ownValue } from '../../domain/json/own-value.ts';

/** A finish reason with the wire's own word where it says more than the reason. */
export interface Finish {
  readonly reason: FinishReason;
  readonly rawReason?: string;
  readonly stopSequence?: string;
}

const reasons: { readonly [word: string]: FinishReason } = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  content_filter: 'content-filter',
};

/** Words of compatible hosts and of older versions. */
const synonyms: { readonly [word: string]: FinishReason } = {
  function_call: 'tool-calls',
  tool_use: 'tool-calls',
  model_length: 'length',
  max_tokens: 'length',
  eos: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  safety: 'content-filter',
  refusal: 'refusal',
};

/** What the answer held, which refines what its finish reason says. */
export interface Seen {
  readonly toolCalls: boolean;
  readonly refusal: boolean;
}

/**
 * Reads a `finish_reason`. Hosts say "stop" after tool calls and after refusals; clients of every dialect need to know
 * the difference.
 */
export function readFinish(word: string, seen: Seen): Finish {
  const known = ownValue(reasons, word);
  const reason = known ?? ownValue(synonyms, word.toLowerCase()) ?? 'other';
  if (seen.refusal && (reason === 'stop' || reason === 'content-filter')) {
    return word === 'content_filter' ? { reason: 'refusal' } : { reason: 'refusal', rawReason: word };
  }
  if (seen.toolCalls && reason === 'stop') return { reason: 'tool-calls', rawReason: word };
  return known === undefined ? { reason, rawReason: word } : { reason };
}

/** Does the client speak the form that tools had before: one `function_call` instead of `tool_calls`? */
export function asksForFunctions(request: JsonObject): boolean {
  return Array.isArray(request['functions']) && request['tools'] === undefined;
}

/** The word of this dialect for a reason; a reason it has no word for keeps its own, never a false "stop". */
export function finishWord(finish: Finish, legacy = false): string {
  switch (finish.reason) {
    case 'stop':
    case 'stop-sequence':
      return 'stop';
    // `pause`: the model wants to go on, what arrived is not its whole answer.
    case 'length':
    case 'pause':
      return 'length';
    case 'tool-calls':
      return legacy ? 'function_call' : 'tool_calls';
    case 'content-filter':
    case 'refusal':
      return 'content_filter';
    case 'other':
      return finish.rawReason?.toLowerCase() ?? 'stop';
  }
}
