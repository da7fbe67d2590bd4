/** JSON that holds bytes, as `{base64}`, and amounts, as text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'bigint') return one.toString();
    return isBytes(one) ? { base64: toBase64(one) } : one;
  });
}

/** The same for a column of the database, which refuses one character. */
export function toColumn(value: unknown): string {
  return toJson(dropNul(value));
}

/** Reads what `toJson` wrote; amounts stay text. */
export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, one: unknown) => (isPackedBytes(one) ? Buffer.from(one.base64, 'base64') : one));
}

type BufferJson = { readonly type: 'Buffer'; readonly data: readonly number[] };

/** Buffers turn into objects by themselves before a replacer sees them. */
function isBytes(value: unknown): value is Uint8Array | BufferJson {
  if (value instanceof Uint8Array) return true;
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
}

function toBase64(value: Uint8Array | BufferJson): string {
  return Buffer.from(value instanceof Uint8Array ? value : value.data).toString('base64');
}

function isPackedBytes(value: unknown): value is { readonly base64: string } {
  if (typeof value !== 'object' || value === null || !('base64' in value)) return false;
  return typeof value.base64 === 'string' && Object.keys(value).length === 1;
}

function dropNul(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '');
  if (Array.isArray(value)) return value.map(dropNul);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.replaceAll('\0', ''), dropNul(one)]));
}
