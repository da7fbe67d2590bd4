const quote = 0x22;
const comma = 0x2c;
const closeBrace = 0x7d;

const keys = {
  requestId: key('requestId'),
  atMs: key('atMs'),
  startedAtMs: key('startedAtMs'),
  fault: key('fault'),
  heldNanos: key('heldNanos'),
  costNanos: key('costNanos'),
  chargeNanos: key('chargeNanos'),
} as const;

/** A field that sums and open exchanges are made of. */
export type FactField = keyof typeof keys;

/**
 * The text of a top-level field of an encoded fact, without parsing the fact: writer and recovery look at every frame,
 * and this takes a third of the time. A key cannot be found inside a text, because quotes are escaped there; values
 * read here are ids, amounts and times, which never hold an escape. Undefined when absent or null.
 */
export function readFactField(body: Buffer, field: FactField): string | undefined {
  const pattern = keys[field];
  const at = body.indexOf(pattern);
  if (at < 0) return undefined;
  const start = at + pattern.length;
  if (body[start] === quote) return body.toString('latin1', start + 1, body.indexOf(quote, start + 1));
  let end = start;
  while (end < body.length && body[end] !== comma && body[end] !== closeBrace) end += 1;
  const text = body.toString('latin1', start, end);
  return text === 'null' ? undefined : text;
}

function key(name: string): Buffer {
  return Buffer.from(`"${name}":`, 'latin1');
}
