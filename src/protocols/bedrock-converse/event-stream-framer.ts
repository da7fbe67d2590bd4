import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';

const preludeBytes = 12;
/** AWS limits a message to 16 MiB of payload and 128 KiB of headers. */
const maxMessageBytes = 16 * 1024 * 1024 + 256 * 1024;

/** One message of an AWS event stream with the exact bytes it came in. */
export interface EventStreamMessage {
  readonly bytes: Buffer;
  readonly headers: { readonly [name: string]: string };
  readonly payload: string;
}

/** The bytes are not an AWS event stream: a checksum or a length is wrong, and nothing after it can be trusted. */
export class EventStreamBroken extends Error {
  override readonly name = 'EventStreamBroken';
}

/** Cuts a byte stream into AWS event stream messages, wherever the chunks are split, and checks their checksums. */
export class EventStreamFramer {
  readonly #codec = new EventStreamCodec(toUtf8, fromUtf8);
  #chunks: Buffer[] = [];
  #length = 0;
  #wanted = preludeBytes;

  /** Takes the next bytes and hands each message they complete to `take`. Throws EventStreamBroken. */
  push(chunk: Buffer, take: (message: EventStreamMessage) => void): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#wanted) {
      const buffer = this.#joined();
      const size = buffer.readUInt32BE(0);
      if (size < preludeBytes + 4 || size > maxMessageBytes) throw new EventStreamBroken(`message of ${size} bytes`);
      this.#wanted = size;
      if (this.#length < size) return;
      const bytes = buffer.subarray(0, size);
      this.#chunks = [buffer.subarray(size)];
      this.#length -= size;
      this.#wanted = preludeBytes;
      take(this.#decode(bytes));
    }
  }

  /** Joins only when a whole message, or its prelude, is there: joining per chunk would be quadratic. */
  #joined(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const joined = Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [joined];
    return joined;
  }

  #decode(bytes: Buffer): EventStreamMessage {
    try {
      const { headers, body } = this.#codec.decode(bytes);
      const texts = Object.entries(headers).flatMap(([name, header]) =>
        header.type === 'string' ? [[name, header.value] as const] : [],
      );
      return { bytes, headers: Object.fromEntries(texts), payload: toUtf8(body) };
    } catch (cause) {
      throw new EventStreamBroken('a checksum of the event stream is wrong', { cause });
    }
  }
}
