import type { JsonObject } from '../../domain/model-call.ts';
import type { Patch } from './apply-patches.ts';
import type { JsonEdit } from './json-edit.ts';

/** Keys that can only be written letter by letter or by escapes that begin with `\u00`. */
const plainKey = /^\w+$/;
const colon = 0x3a;
const quote = 0x22;

/**
 * Finds the places of simple edits by native search instead of a walk, which is many times faster on a long body. It
 * works when every edit sets a top-level key that the parsed body lacks, or has and whose name occurs nowhere else in
 * the bytes: then the one occurrence is the key. Undefined: the document must be walked.
 */
export function findPatches(bytes: Buffer, edits: readonly JsonEdit[], body: JsonObject): readonly Patch[] | undefined {
  const patches: Patch[] = [];
  const insertions: string[] = [];
  // An escape could hide a second spelling of the key. Searched without its backslash, of which code is full.
  if (bytes.includes('u00', 0, 'latin1')) return undefined;
  for (const edit of edits) {
    const key = edit.pointer.slice(1);
    if (!plainKey.test(key)) return undefined;
    const isPresent = Object.hasOwn(body, key);
    if (edit.op !== 'set') {
      if (isPresent) return undefined;
      continue;
    }
    const text = JSON.stringify(edit.value);
    if (isPresent) {
      const patch = patchOf(bytes, key, text);
      if (patch === undefined) return undefined;
      patches.push(patch);
    } else insertions.push(`"${key}":${text}`);
  }
  if (insertions.length > 0) patches.push(insertion(bytes, insertions, Object.keys(body).length === 0));
  return patches.toSorted((a, b) => a.start - b.start);
}

/** Replaces the value of a key that occurs once and whose value is a string without escapes. */
function patchOf(bytes: Buffer, key: string, text: string): Patch | undefined {
  // Searched without the opening quote, of which any text is full.
  const name = `${key}"`;
  const nameAt = bytes.indexOf(name, 0, 'latin1');
  if (bytes[nameAt - 1] !== quote || bytes.includes(name, nameAt + name.length, 'latin1')) return undefined;
  const colonAt = skipSpace(bytes, nameAt + name.length);
  const start = skipSpace(bytes, colonAt + 1);
  if (bytes[colonAt] !== colon || bytes[start] !== quote) return undefined;
  const end = bytes.indexOf(quote, start + 1) + 1;
  const hasEscape = bytes.subarray(start, end).includes('\\');
  return hasEscape ? undefined : { start, end, text };
}

/** Goes behind the last member, before the white space and brace that close the document. */
function insertion(bytes: Buffer, members: readonly string[], isEmpty: boolean): Patch {
  let at = bytes.lastIndexOf('}');
  if (isEmpty) at = bytes.indexOf('{') + 1;
  else while (isSpace(bytes[at - 1])) at -= 1;
  return { start: at, end: at, text: (isEmpty ? '' : ',') + members.join(',') };
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
