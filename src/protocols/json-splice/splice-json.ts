import { buildEditTree, type JsonEdit } from './json-edit.ts';
import { JsonSplicer } from './json-splicer.ts';

/**
 * Applies edits to the exact bytes of a JSON document, so that integers above 2^53, duplicate keys, escapes and
 * white space that a parse would lose reach the upstream as the client wrote them. An edit of a key that occurs twice
 * applies to each occurrence: no reader of the result can disagree about its value.
 *
 * The bytes must be well-formed JSON; whoever calls has parsed them already.
 */
export function spliceJson(bytes: Buffer, edits: readonly JsonEdit[]): Buffer {
  return edits.length === 0 ? bytes : new JsonSplicer(bytes).splice(buildEditTree(edits));
}
