import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { parseJson } from '../shared/parse-arguments.ts';
import { SseFramer } from '../sse/sse-framer.ts';

/** What must be kept of a response so that a later request can continue it on any host. */
export interface StoredResponse {
  readonly id: string;
  readonly model: string;
  readonly createdAtS: number;
  /** The response this one continued. */
  readonly previousResponseId?: string;
  /** Items of this request alone; those of earlier turns are in their own records. */
  readonly input: readonly Json[];
  readonly output: readonly Json[];
}

/** Record of an answered request; undefined when the client forbade storing or the response is not one to continue. */
export function storedResponseOf(request: JsonObject, response: JsonObject): StoredResponse | undefined {
  const { id, model, created_at: createdAtS, output, status } = response;
  if (request['store'] === false || status === 'failed') return undefined;
  if (typeof id !== 'string' || !Array.isArray(output)) return undefined;
  const previous = request['previous_response_id'];
  return {
    id,
    model: typeof model === 'string' ? model : '',
    createdAtS: typeof createdAtS === 'number' ? createdAtS : 0,
    ...(typeof previous === 'string' && { previousResponseId: previous }),
    input: inputItems(request['input']),
    output,
  };
}

/** A request's input as items; a plain string is one user message. */
export function inputItems(input: Json | undefined): readonly Json[] {
  if (typeof input === 'string')
    return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }];
  return Array.isArray(input) ? input : [];
}

/** The `response` object inside a terminal event, as bytes or text of the wire. */
export function responseOfTerminalEvent(event: Buffer): JsonObject | undefined {
  const framer = new SseFramer();
  const events = [...framer.push(event), ...framer.end()];
  for (const { data } of events.toReversed()) {
    const body = data === undefined ? undefined : parseJson(data);
    if (isObject(body) && isObject(body['response'])) return body['response'];
  }
  return undefined;
}
