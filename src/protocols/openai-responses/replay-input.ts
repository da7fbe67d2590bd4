import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { inputItems, type StoredResponse } from './stored-response.ts';

/** Fields of an answer's items that are no part of what was said; hosts refuse ids they did not issue. */
const issued = new Set(['id', 'status', 'logprobs']);

/**
 * Turns a request that continues a stored response into one that says everything itself, for hosts that remember
 * nothing. `chain` holds the stored turns, oldest first. Instructions of earlier turns are not repeated: the dialect
 * takes them from the new request alone.
 */
export function replayInput(chain: readonly StoredResponse[], request: JsonObject): JsonObject | Fault {
  const last = chain.at(-1);
  if (last === undefined || last.id !== request['previous_response_id']) {
    return new Fault('response_unknown', { param: '/previous_response_id' });
  }
  const known = new Map(chain.flatMap((turn) => [...turn.input, ...turn.output].flatMap(byId)));
  const history = chain.flatMap((turn) => [
    ...turn.input.map((item) => resolve(item, known)),
    ...turn.output.flatMap(replayed),
  ]);
  const fresh = inputItems(request['input']).map((item) => resolve(item, known));
  const { previous_response_id: _, ...rest } = request;
  return { ...rest, input: [...history, ...fresh] };
}

/** Puts the item itself where the client only named it. */
function resolve(item: Json, known: ReadonlyMap<string, JsonObject>): Json {
  if (!isObject(item) || item['type'] !== 'item_reference') return item;
  const { id } = item;
  const found = typeof id === 'string' ? known.get(id) : undefined;
  return found === undefined ? item : (replayed(found)[0] ?? item);
}

function byId(item: Json): [string, JsonObject][] {
  return isObject(item) && typeof item['id'] === 'string' ? [[item['id'], item]] : [];
}

/** An item of an answer as input. Reasoning is only worth sending with what proves it. */
function replayed(item: Json): Json[] {
  if (!isObject(item)) return [];
  if (item['type'] !== 'reasoning') return [stripIssued(item)];
  if (typeof item['encrypted_content'] !== 'string') return [];
  const { status: _, ...reasoning } = item;
  return [reasoning];
}

function stripIssued(item: JsonObject): JsonObject {
  const { content } = item;
  const kept = Object.fromEntries(Object.entries(item).filter(([key]) => !issued.has(key)));
  if (item['type'] !== 'message' || !Array.isArray(content)) return kept;
  return { ...kept, content: content.map((part) => (isObject(part) ? stripIssued(part) : part)) };
}
