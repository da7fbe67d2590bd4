const lengthBytes = 4;

/** Puts fields of text together as programs in the sandbox read them. */
export function packFields(fields: readonly string[]): Buffer {
  return Buffer.concat(fields.map((field) => framed(Buffer.from(field, 'utf8'))));
}

/** Takes the fields of a message apart. */
export function unpackFields(message: Buffer): Buffer[] {
  return new MessageReader(message.length).push(message);
}

/** A message with its length before it; an empty one ends a series. */
export function framed(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(lengthBytes);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

/** Finds messages in bytes that come in pieces. A guest that announces one beyond the bound is not believed. */
export class MessageReader {
  readonly #mostBytes: number;
  #pending: Buffer = Buffer.alloc(0);

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Messages that are complete now. Throws a RangeError beyond the bound. */
  push(bytes: Uint8Array): Buffer[] {
    const messages: Buffer[] = [];
    let rest = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
    while (rest.length >= lengthBytes) {
      const size = rest.readUInt32BE(0);
      if (size > this.#mostBytes) throw new RangeError(`a message of ${size} bytes`);
      if (rest.length < lengthBytes + size) break;
      messages.push(rest.subarray(lengthBytes, lengthBytes + size));
      rest = rest.subarray(lengthBytes + size);
    }
    this.#pending = rest;
    return messages;
  }
}
