import type { LogLine } from '../functions/log-line.ts';

/** The newest lines within a bound of bytes; the oldest make room. */
export class LogRing {
  readonly #maxBytes: number;
  #lines: { readonly line: LogLine; readonly sizeBytes: number }[] = [];
  #start = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(line: LogLine, sizeBytes: number): void {
    this.#lines.push({ line, sizeBytes });
    this.#bytes += sizeBytes;
    while (this.#bytes > this.#maxBytes && this.#start < this.#lines.length - 1) {
      this.#bytes -= this.#lines[this.#start]?.sizeBytes ?? 0;
      this.#start++;
    }
    // Cutting the front at every line would move all the others each time.
    if (this.#start > 1000) {
      this.#lines = this.#lines.slice(this.#start);
      this.#start = 0;
    }
  }

  /** Lines with a greater sequence, oldest first. */
  *after(sequence: number): Iterable<LogLine> {
    for (let at = this.#start; at < this.#lines.length; at++) {
      const line = this.#lines[at]?.line;
      if (line !== undefined && line.sequence > sequence) yield line;
    }
  }
}
