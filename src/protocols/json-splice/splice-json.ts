import type { JsonObject } from '../../domain/calls/model-call.ts';
import { applyPatches } from './apply-patches.ts';
import { findPatches } from './find-patches.ts';
import { buildEditTree, type JsonEdit } from './json-edit.ts';
import { JsonSplicer } from './json-splicer.ts';

/**
 * Applies edits to the exact bytes of a JSON document, so that integers above 2^53, duplicate keys, escapes and
 * white space that a parse would lose reach the upstream as the client wrote them. An edit of a key that occurs twice
 * applies to each occurrence: no reader of the result can disagree about its value.
 *
 * The bytes must be well-formed JSON; whoever calls has parsed them already. With that parse at hand as `body`, the
 * usual edit (another model) is found by native search instead of a walk through the document.
 */
export function spliceJson(bytes: Buffer, edits: readonly JsonEdit[], body?: JsonObject): Buffer {
  if (edits.length === 0) return bytes;
  const found = body === undefined ? undefined : findPatches(bytes, edits, body);
  return applyPatches(bytes, found ?? new JsonSplicer(bytes).patchesFor(buildEditTree(edits)));
}
