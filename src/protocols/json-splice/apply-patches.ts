/** A replacement of the bytes from `start` to `end`. */
export interface Patch {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Copies the bytes with the patches applied, which come in order and do not overlap; without any, the bytes as such. */
export function applyPatches(bytes: Buffer, patches: readonly Patch[]): Buffer {
  if (patches.length === 0) return bytes;
  let sizeBytes = bytes.length;
  for (const { start, end, text } of patches) sizeBytes += Buffer.byteLength(text) - (end - start);
  const patched = Buffer.allocUnsafe(sizeBytes);
  let from = 0;
  let at = 0;
  for (const { start, end, text } of patches) {
    at += bytes.copy(patched, at, from, start);
    at += patched.write(text, at);
    from = end;
  }
  bytes.copy(patched, at, from);
  return patched;
}
