import { StringDecoder } from 'node:string_decoder';

/** Cuts a stream of bytes into lines without ever holding more than one line of the given length. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #maxLength: number;
  readonly #take: (line: string, droppedLength: number) => void;
  #rest = '';
  #dropped = 0;

  constructor(maxLength: number, take: (line: string, droppedLength: number) => void) {
    this.#maxLength = maxLength;
    this.#take = take;
  }

  push(chunk: Buffer): void {
    let text = this.#decoder.write(chunk);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      this.#append(text.slice(0, end));
      this.#flush();
      text = text.slice(end + 1);
    }
    this.#append(text);
  }

  /** The last line, when the stream ends without a line feed. */
  end(): void {
    this.#append(this.#decoder.end());
    if (this.#rest !== '') this.#flush();
  }

  #append(text: string): void {
    const room = this.#maxLength - this.#rest.length;
    this.#rest += text.slice(0, room);
    this.#dropped += Math.max(0, text.length - room);
  }

  #flush(): void {
    const [line, dropped] = [this.#rest, this.#dropped];
    this.#rest = '';
    this.#dropped = 0;
    this.#take(line, dropped);
  }
}
