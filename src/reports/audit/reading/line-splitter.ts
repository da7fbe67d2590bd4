import { isAscii } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';

/** Takes one line, without its line break, and its number from 1. */
export type LineSink = (line: string, number: number) => void;

/** Longest line that is kept; a longer one is told to the sink of problems and skipped. */
const maxLineLength = 32 * 1024 * 1024;

/** Cuts a stream of bytes into lines, whatever the chunks; CRLF counts as one break, a byte order mark is dropped. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #sink: LineSink;
  readonly #onTooLong: (number: number) => void;
  #rest = '';
  #number = 0;
  /** Whether the last chunk ended with a whole character. */
  #isWhole = true;
  #isSkipping = false;

  constructor(sink: LineSink, onTooLong: (number: number) => void) {
    this.#sink = sink;
    this.#onTooLong = onTooLong;
  }

  push(chunk: Buffer): void {
    // Most logs are plain ASCII, which needs no decoding, unless a character was cut between two chunks.
    const isPlain = this.#isWhole && isAscii(chunk);
    this.#isWhole = isPlain || (chunk[chunk.length - 1] ?? 0) < 0x80;
    this.#take(isPlain ? chunk.toString('latin1') : this.#decoder.write(chunk));
  }

  end(): void {
    this.#take(this.#decoder.end());
    if (this.#rest !== '') this.#emit(this.#rest);
    this.#rest = '';
  }

  #take(text: string): void {
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const piece = text.slice(from, at);
      from = at + 1;
      this.#emit(this.#rest === '' ? piece : this.#rest + piece);
      this.#rest = '';
    }
    this.#rest += from === 0 ? text : text.slice(from);
    if (this.#rest.length > maxLineLength) {
      if (!this.#isSkipping) this.#onTooLong(this.#number + 1);
      this.#isSkipping = true;
      this.#rest = '';
    }
  }

  #emit(line: string): void {
    this.#number++;
    if (this.#isSkipping) {
      this.#isSkipping = false;
      return;
    }
    const start = this.#number === 1 && line.startsWith('\uFEFF') ? 1 : 0;
    const end = line.endsWith('\r') ? line.length - 1 : line.length;
    this.#sink(start === 0 && end === line.length ? line : line.slice(start, end), this.#number);
  }
}
