const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;
const colon = 0x3a;

/** One server-sent event with the exact bytes it came in, terminator included. */
export interface SseEvent {
  readonly bytes: Buffer;
  /** Value of the `event:` field, empty when absent. */
  readonly event: string;
  /** The `data:` lines joined by newlines; undefined for comments and blank keepalives. */
  readonly data: string | undefined;
}

/** The stream holds an event larger than the limit; nothing sensible can follow. */
export class SseEventTooLarge extends Error {
  override readonly name = 'SseEventTooLarge';
}

/**
 * Splits a byte stream into server-sent events: LF, CRLF and lone CR, splits anywhere (inside a character too),
 * several data lines, comments, byte order mark, missing final newline. Bytes are kept, so that concatenating
 * `bytes` of all events gives back the input.
 */
export class SseFramer {
  readonly #maxEventBytes: number;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;
  #owned = false;
  #scanned = 0;
  #lineStart = 0;
  #eventStart = 0;
  /** Place of the last carriage return, relative to the buffer: -1 when it was the last byte of what is gone. */
  #crAt = -2;
  #first = true;
  #event = '';
  #data: string | undefined;
  #hasLines = false;

  constructor(maxEventBytes = 8 * 1024 * 1024) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** Takes the next bytes and returns the events they complete. Throws SseEventTooLarge. */
  push(chunk: Buffer): SseEvent[] {
    this.#append(chunk);
    const events: SseEvent[] = [];
    const bytes = this.#owned ? this.#buffer.subarray(0, this.#length) : this.#buffer;
    // Native searches skip the inside of lines; most streams have no carriage return at all.
    let nextLf = indexFrom(bytes, lf, this.#scanned);
    let nextCr = indexFrom(bytes, cr, this.#scanned);
    for (let at = Math.min(nextLf, nextCr); at < bytes.length; at = Math.min(nextLf, nextCr)) {
      if (at === nextCr) {
        this.#crAt = at;
        nextCr = indexFrom(bytes, cr, at + 1);
        this.#endLine(at, events);
        continue;
      }
      nextLf = indexFrom(bytes, lf, at + 1);
      if (at === this.#crAt + 1) {
        // Second half of CRLF: the line ended at CR already.
        this.#lineStart = at + 1;
        this.#absorbLineFeed(events, at);
      } else this.#endLine(at, events);
    }
    this.#scanned = this.#length;
    this.#keepRest();
    return events;
  }

  /** The stream is over: returns what an unterminated last event holds. */
  end(): SseEvent[] {
    const events: SseEvent[] = [];
    if (this.#lineStart < this.#length) this.#readLine(this.#length);
    if (this.#eventStart < this.#length) this.#emit(this.#length, events);
    return events;
  }

  #append(chunk: Buffer): void {
    if (this.#length === 0) {
      this.#buffer = chunk;
      this.#length = chunk.length;
      this.#owned = false;
      return;
    }
    const needed = this.#length + chunk.length;
    if (needed - this.#eventStart > this.#maxEventBytes + chunk.length) throw new SseEventTooLarge();
    if (!this.#owned || needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed * 2, 4096));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
      this.#owned = true;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = needed;
  }

  /** Moves an incomplete event to the front of a fresh buffer: handed-out events keep the old one. */
  #keepRest(): void {
    const from = this.#eventStart;
    if (from === 0 && this.#owned) return;
    const rest = this.#length - from;
    if (rest > this.#maxEventBytes) throw new SseEventTooLarge();
    if (rest > 0) {
      const kept = Buffer.allocUnsafe(Math.max(rest * 2, 1024));
      this.#buffer.copy(kept, 0, from, this.#length);
      this.#buffer = kept;
      this.#owned = true;
    }
    this.#length = rest;
    this.#scanned = rest;
    this.#lineStart -= from;
    this.#crAt -= from;
    this.#eventStart = 0;
  }

  /** Gives the LF of a CRLF to the event that the CR just ended, when it is still at hand. */
  #absorbLineFeed(events: SseEvent[], at: number): void {
    const last = events.at(-1);
    if (!last || this.#eventStart !== at || this.#hasLines) return;
    const start = at - last.bytes.length;
    events[events.length - 1] = { ...last, bytes: this.#buffer.subarray(start, at + 1) };
    this.#eventStart = at + 1;
  }

  #endLine(at: number, events: SseEvent[]): void {
    if (at > this.#lineStart) this.#readLine(at);
    else if (this.#hasLines) this.#emit(at + 1, events);
    this.#lineStart = at + 1;
  }

  #readLine(end: number): void {
    const buffer = this.#buffer;
    let start = this.#lineStart;
    if (this.#first) {
      this.#first = false;
      if (buffer[start] === 0xef && buffer[start + 1] === 0xbb && buffer[start + 2] === 0xbf) start += 3;
    }
    if (start >= end) return;
    this.#hasLines = true;
    const isData = isDataField(buffer, start);
    const colonAt = isData ? start + 4 : indexFrom(buffer, colon, start);
    if (colonAt === start) return;
    const nameEnd = Math.min(colonAt, end);
    let valueStart = Math.min(nameEnd + 1, end);
    if (buffer[valueStart] === space && valueStart < end) valueStart++;
    const name = isData ? 'data' : buffer.toString('latin1', start, nameEnd);
    if (name === 'data') {
      const value = buffer.toString('utf8', valueStart, end);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    } else if (name === 'event') this.#event = buffer.toString('utf8', valueStart, end);
  }

  #emit(end: number, events: SseEvent[]): void {
    events.push({
      bytes: this.#buffer.subarray(this.#eventStart, end),
      event: this.#event,
      data: this.#data,
    });
    this.#eventStart = end;
    this.#event = '';
    this.#data = undefined;
    this.#hasLines = false;
  }
}

/** Position of a byte at or after `from`, or the length when there is none. */
function indexFrom(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? bytes.length : at;
}

/** Do the bytes at `start` begin a field named `data`? Nearly every line does. */
function isDataField(bytes: Buffer, start: number): boolean {
  return (
    bytes[start] === 0x64 &&
    bytes[start + 1] === 0x61 &&
    bytes[start + 2] === 0x74 &&
    bytes[start + 3] === 0x61 &&
    bytes[start + 4] === colon
  );
}
