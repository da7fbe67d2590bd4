const lengthBytes = 4;
/** Beyond what an entry can have, whatever attributes a guest gave it. */
const mostFields = 1024;

/** Puts fields of text together as programs in the sandbox read them. */
export function packFields(fields: readonly string[]): Buffer {
  return Buffer.concat(fields.map((field) => framed(Buffer.from(field, 'utf8'))));
}

/** Takes the fields of a message apart. */
export function unpackFields(message: Buffer): Buffer[] {
  return new MessageReader(message.length, mostFields).push(message);
}

/** A message with its length before it; an empty one ends a series. */
export function framed(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(lengthBytes);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

/** Finds messages in bytes that come in pieces. A guest that announces more than the bounds is not believed. */
export class MessageReader {
  readonly #mostBytes: number;
  #left: number;
  #pending: Buffer = Buffer.alloc(0);

  constructor(mostBytes: number, mostMessages = Infinity) {
    this.#mostBytes = mostBytes;
    this.#left = mostMessages;
  }

  /** Messages that are complete now. Throws a RangeError beyond the bounds. */
  push(bytes: Uint8Array): Buffer[] {
    const messages: Buffer[] = [];
    let rest = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
    while (rest.length >= lengthBytes) {
      const size = rest.readUInt32BE(0);
      if (size > this.#mostBytes) throw new RangeError(`a message of ${size} bytes`);
      if (rest.length < lengthBytes + size) break;
      if ((this.#left -= 1) < 0) throw new RangeError('too many messages');
      messages.push(rest.subarray(lengthBytes, lengthBytes + size));
      rest = rest.subarray(lengthBytes + size);
    }
    this.#pending = rest;
    return messages;
  }
}
