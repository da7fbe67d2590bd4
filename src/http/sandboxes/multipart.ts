import { Fault } from '../../domain/faults/fault.ts';

/** One part of a form. Its bytes must be read before the next part is asked for; what is left is dropped. */
export interface FormPart {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly bytes: AsyncIterable<Buffer>;
}

const mostHeadBytes = 16 * 1024;
const lineEnd = Buffer.from('\r\n');
const headEnd = Buffer.from('\r\n\r\n');

/** The boundary that a content type names; undefined when it is no form. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const [, quoted, plain] =
    /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType ?? '') ?? [];
  return quoted ?? plain;
}

/** Reads the parts of a form as they come; nothing is held but the piece that is looked at. */
export async function* readMultipart(body: AsyncIterable<Buffer>, boundary: string): AsyncGenerator<FormPart> {
  const source = new PieceReader(body);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first boundary has no line before it.
  source.unread(lineEnd);
  for await (const _preamble of source.until(delimiter)) continue;
  for (;;) {
    const mark = await source.take(2);
    if (mark.toString('latin1') === '--') return;
    if (!mark.equals(lineEnd)) throw malformed();
    // A part without a head begins with an empty line; seen with the line before it, all heads end alike.
    source.unread(lineEnd);
    const head = await source.collect(headEnd, mostHeadBytes);
    const bytes = source.until(delimiter);
    yield { ...readHead(head.toString('utf8')), bytes };
    for await (const _rest of bytes) continue;
  }
}

function readHead(head: string): Pick<FormPart, 'name' | 'fileName'> {
  // Lines end as the format says and nowhere else: a name may hold what JavaScript takes for the end of a line.
  const lines = head.split('\r\n').map((line) => /^content-disposition:\s*form-data\s*;(.*)$/is.exec(line)?.[1]);
  const disposition = lines.find((line) => line !== undefined) ?? '';
  const value = (name: string): string | undefined => {
    const text = new RegExp(`(?:^|[;\\s])${name}="((?:[^"\\\\]|\\\\.)*)"`, 'is').exec(disposition)?.[1];
    // What forms must escape, and nothing else: names may hold percent signs of their own.
    return text
      ?.replace(/%0D/gi, '\r')
      .replace(/%0A/gi, '\n')
      .replace(/%22/g, '"')
      .replace(/\\(["\\])/g, '$1');
  };
  return { name: value('name') ?? '', fileName: value('filename') };
}

/** Cuts a stream of bytes at marks, wherever its pieces end. */
class PieceReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  unread(bytes: Buffer): void {
    this.#held = Buffer.concat([bytes, this.#held]);
  }

  async take(size: number): Promise<Buffer> {
    while (this.#held.length < size) await this.#more();
    const taken = this.#held.subarray(0, size);
    this.#held = this.#held.subarray(size);
    return taken;
  }

  /** Everything before the mark, which is passed over. */
  async collect(mark: Buffer, mostBytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of this.until(mark)) {
      size += piece.length;
      if (size > mostBytes) throw malformed();
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  async *until(mark: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      if (at >= 0) {
        const piece = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at + mark.length);
        if (piece.length > 0) yield piece;
        return;
      }
      // The mark may have begun at the end of what is here.
      const safe = this.#held.length - mark.length + 1;
      if (safe > 0) {
        const piece = this.#held.subarray(0, safe);
        this.#held = this.#held.subarray(safe);
        yield piece;
      }
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done === true) throw malformed();
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
  }
}

function malformed(): Fault {
  return new Fault('invalid_request', { message: 'The form is cut off or malformed.' });
}
