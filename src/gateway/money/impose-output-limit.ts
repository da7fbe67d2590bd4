import type { JsonObject } from '../../domain/calls/model-call.ts';
import { editObject, isObject, type JsonEdit, spliceJson } from '../../protocols/index.ts';
import type { Received } from '../received.ts';
import type { ReadRequest } from '../responses/responses-state.ts';

/**
 * Limits the answer of a request that set no limit itself, so that it stays within what its budget has left. The one
 * thing besides demanded fields that is ever added to a request; the record lists it.
 */
export function imposeOutputLimit(
  { inbound }: Received,
  request: ReadRequest,
  outputTokens: number,
): { readonly request: ReadRequest; readonly added: readonly string[] } {
  const pointer = inbound.outputLimitPointer;
  const edits = [limitEdit(pointer, request.body, outputTokens)];
  const body: JsonObject = editObject(request.body, edits);
  const bytes = spliceJson(request.bytes, edits, request.body);
  const head = { ...request.head, maxOutputTokens: outputTokens };
  return { request: { ...request, body, bytes, head }, added: [pointer] };
}

/** Where the dialect keeps the limit inside an object that the request lacks, the object comes with it. */
function limitEdit(pointer: string, body: JsonObject, outputTokens: number): JsonEdit {
  const [, parent = '', field] = pointer.split('/');
  if (field === undefined || isObject(body[parent])) return { op: 'set', pointer, value: outputTokens };
  return { op: 'set', pointer: `/${parent}`, value: { [field]: outputTokens } };
}
