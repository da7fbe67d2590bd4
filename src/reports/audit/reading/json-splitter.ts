/** Text of one JSON record and the line on which it starts. */
export type JsonSink = (text: string, line: number) => void;

/** Longest single record; a longer one means that a quote or bracket was lost somewhere. */
const maxRecordBytes = 32 * 1024 * 1024;
/** Properties of a wrapping object whose elements are the records. */
const listNames = new Set(['data', 'rows', 'logs', 'records', 'observations', 'generations', 'activity']);

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Cuts a JSON document into its records without holding it: the elements of an array, those of a list inside a wrapping
 * object (`{"data": [...]}`), or objects one after another. Only brackets and strings are looked at; each record is
 * parsed by the caller, so that a bad one is one bad row.
 */
export class JsonSplitter {
  readonly #sink: JsonSink;
  #line = 1;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Depth at which the records stand; undefined while outside a list. */
  #listDepth: number | undefined;
  #recordStart = -1;
  #recordLine = 0;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** The last string at depth 1: the name of the property that opens next. */
  #name = '';
  #isNaming = false;
  /** A wrapping object in which no list was met is a record itself. */
  #wrapper: { found: boolean } | undefined;

  constructor(sink: JsonSink) {
    this.#sink = sink;
  }

  /** Takes bytes; false means that the rest of the document makes no sense any more. */
  push(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === newline) this.#line++;
      if (this.#isInString) this.#inString(byte);
      else if (byte === quote) this.#openString();
      else if (byte === openBrace || byte === openBracket) this.#open(byte, at);
      else if (byte === closeBrace || byte === closeBracket) this.#close(byte, at, chunk);
    }
    if (this.#recordStart >= 0) {
      this.#pieces.push(Buffer.from(chunk.subarray(this.#recordStart)));
      this.#pieceBytes += chunk.length - this.#recordStart;
      this.#recordStart = 0;
      // A wrapper is no record once its list was found.
      if (this.#wrapper?.found === true && this.#listDepth === undefined) this.#drop();
    }
    return this.#pieceBytes <= maxRecordBytes;
  }

  /** Line of a record that the document ends in, if it does. */
  end(): number | undefined {
    if (this.#depth === 0) return undefined;
    return this.#recordStart >= 0 ? this.#recordLine : this.#line;
  }

  #openString(): void {
    this.#isInString = true;
    if (this.#depth === 1 && this.#listDepth === undefined) {
      this.#isNaming = true;
      this.#name = '';
    }
  }

  #inString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) {
      this.#isInString = false;
      this.#isNaming = false;
    } else if (this.#isNaming && this.#name.length < 32) this.#name += String.fromCharCode(byte);
  }

  #open(byte: number, at: number): void {
    if (this.#depth === 0) {
      if (byte === openBracket) this.#listDepth = 1;
      else this.#begin(at, (this.#wrapper = { found: false }));
    } else if (this.#depth === this.#listDepth && this.#recordStart < 0 && byte === openBrace) {
      this.#begin(at);
    } else if (this.#depth === 1 && this.#wrapper && byte === openBracket && listNames.has(this.#name)) {
      this.#wrapper.found = true;
      this.#listDepth = 2;
      this.#drop();
    }
    this.#depth++;
  }

  #close(byte: number, at: number, chunk: Buffer): void {
    this.#depth--;
    if (this.#depth === this.#listDepth && this.#recordStart >= 0 && byte === closeBrace) this.#emit(at, chunk);
    else if (this.#listDepth !== undefined && this.#depth === this.#listDepth - 1) this.#listDepth = undefined;
    else if (this.#depth === 0 && this.#wrapper) {
      if (!this.#wrapper.found) this.#emit(at, chunk);
      this.#wrapper = undefined;
      this.#drop();
    }
    if (this.#depth < 0) this.#depth = 0;
  }

  #begin(at: number, wrapper?: { found: boolean }): void {
    this.#wrapper = wrapper ?? this.#wrapper;
    this.#recordStart = at;
    this.#recordLine = this.#line;
  }

  #emit(at: number, chunk: Buffer): void {
    const last = chunk.subarray(this.#recordStart, at + 1);
    const text = (this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last])).toString('utf8');
    const line = this.#recordLine;
    this.#drop();
    this.#sink(text, line);
  }

  #drop(): void {
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#recordStart = -1;
  }
}
