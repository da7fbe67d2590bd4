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
  #afterCr = false;
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
    const buffer = this.#buffer;
    for (let at = this.#scanned; at < this.#length; at++) {
      const byte = buffer[at];
      if (byte !== lf && byte !== cr) {
        this.#afterCr = false;
        continue;
      }
      if (byte === lf && this.#afterCr) {
        // Second half of CRLF: the line ended at CR already.
        this.#afterCr = false;
        this.#lineStart = at + 1;
        this.#absorbLineFeed(events, at);
        continue;
      }
      this.#afterCr = byte === cr;
      this.#endLine(at, events);
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
    const split = buffer.subarray(start, end).indexOf(colon);
    if (split === 0) return;
    const nameEnd = split < 0 ? end : start + split;
    let valueStart = split < 0 ? end : nameEnd + 1;
    if (buffer[valueStart] === space && valueStart < end) valueStart++;
    const name = buffer.toString('latin1', start, nameEnd);
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
