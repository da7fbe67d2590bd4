import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { AuditError } from '../audit-error.ts';
import type { FileReport } from '../audit-report.ts';
import { type AuditRow, RowProblem } from '../audit-row.ts';
import { logFormats } from '../formats/log-formats.ts';
import type { LogFormat } from '../formats/log-format.ts';
import { CsvSplitter, separatorOf } from './csv-splitter.ts';
import { JsonSplitter } from './json-splitter.ts';
import { LineSplitter } from './line-splitter.ts';
import { CsvRecord, isFields, JsonRecord, type LogRecord, shorten } from './log-record.ts';
import { openText } from './open-text.ts';

const maxExamples = 20;
const maxUnknownColumns = 100;
const damaged = 'is damaged: its gzip data cannot be unpacked';

/** Reads one file row by row; the format is found from its first record. Throws an `AuditError` for what is no log. */
export async function readLogFile(path: string, sink: (row: AuditRow) => void): Promise<FileReport> {
  const { size } = await stat(path);
  const stream = await openText(path);
  return readLogStream({ name: path, sizeBytes: size, stream }, sink);
}

/** Bytes of a log with what they are called. */
export interface LogStream {
  readonly name: string;
  readonly sizeBytes: number;
  readonly stream: Readable;
}

/** Reads a log of any length from a stream, keeping no more of it than the record at hand; ends the stream. */
export async function readLogStream(log: LogStream, sink: (row: AuditRow) => void): Promise<FileReport> {
  try {
    return await new LogFile(log.name, log.sizeBytes, sink).read(log.stream);
  } finally {
    log.stream.destroy();
  }
}

/** What takes bytes and hands records on. */
interface Splitter {
  push(chunk: Buffer): void;
  end(): void;
}

class LogFile {
  readonly #path: string;
  readonly #sizeBytes: number;
  readonly #sink: (row: AuditRow) => void;
  #format: LogFormat | undefined;
  #records = 0;
  #rows = 0;
  #badCount = 0;
  #isCut = false;
  /** Line of the last record. */
  #lastLine = 0;
  readonly #bad: { line: number; reason: string }[] = [];
  readonly #skipped = new Map<string, number>();
  readonly #unknownColumns = new Set<string>();
  readonly #knownShapes = new Set<string>();
  #lastNames: readonly string[] = [];

  constructor(path: string, sizeBytes: number, sink: (row: AuditRow) => void) {
    this.#path = path;
    this.#sizeBytes = sizeBytes;
    this.#sink = sink;
  }

  async read(stream: Readable): Promise<FileReport> {
    let splitter: Splitter | undefined;
    let head: Buffer[] = [];
    let headBytes = 0;
    const start = (): Splitter => {
      const started = this.#splitterFor(Buffer.concat(head).toString('utf8'));
      for (const one of head) started.push(one);
      head = [];
      return started;
    };
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        if (splitter) splitter.push(chunk);
        else {
          head.push(chunk);
          headBytes += chunk.length;
          // Enough to see a first line, however long.
          if (headBytes >= 1 << 18 || chunk.includes(0x0a)) splitter = start();
        }
      }
    } catch (error) {
      // A download that broke off: what came before the cut is as good as ever.
      if (!isDamagedGzip(error)) throw error;
      if (headBytes === 0) throw new AuditError(`${this.#path} ${damaged}`);
      this.#isCut = true;
    }
    splitter ??= start();
    splitter.end();
    if (this.#isCut) this.#fail(this.#lastLine, 'the gzip data ends early or is damaged; what follows was not read');
    if (!this.#format) throw new AuditError(`${this.#path} ${this.#isCut ? damaged : 'holds no records'}`);
    return this.#report(this.#format);
  }

  #report(format: LogFormat): FileReport {
    return {
      file: this.#path,
      format: format.title,
      sizeBytes: this.#sizeBytes,
      records: this.#records,
      rows: this.#rows,
      skipped: [...this.#skipped].map(([reason, count]) => ({ reason, count })),
      badCount: this.#badCount,
      bad: this.#bad,
      unknownColumns: [...this.#unknownColumns],
    };
  }

  #splitterFor(head: string): Splitter {
    const text = head.replace(/^\uFEFF/, '').trimStart();
    if (text.startsWith('[')) return this.#jsonDocument();
    if (text.startsWith('{')) return isObjectPerLine(text) ? this.#jsonLines() : this.#jsonDocument();
    if (text === '') throw new AuditError(`${this.#path} is empty`);
    return this.#csv();
  }

  #jsonDocument(): Splitter {
    const splitter = new JsonSplitter((text, line) => this.#takeJson(text, line));
    let isReading = true;
    return {
      push: (chunk) => {
        if (!isReading || splitter.push(chunk)) return;
        isReading = false;
        this.#fail(splitter.end() ?? 1, 'a bracket or quote is missing; what follows was not read');
      },
      end: () => {
        const line = isReading ? splitter.end() : undefined;
        if (line !== undefined) this.#fail(line, 'the file ends in the middle of a record');
      },
    };
  }

  #jsonLines(): Splitter {
    return this.#lines((line, number) => {
      if (line.trim() !== '') this.#takeJson(line, number);
    });
  }

  #csv(): Splitter {
    let csv: CsvSplitter | undefined;
    let record: CsvRecord | undefined;
    let width = 0;
    const take = (cells: string[], line: number): void => {
      if (!record) {
        const names = cells.map((name) => name.trim());
        width = names.length;
        record = new CsvRecord(new Map(names.map((name, at) => [name, at])));
        this.#meet(names);
        return;
      }
      this.#records++;
      if (cells.length > width) this.#fail(line, `${cells.length} cells under ${width} columns`);
      else if (cells.length < width && cells.length === 1) this.#fail(line, `one cell under ${width} columns`);
      else this.#takeRecord(record.take(cells), line);
    };
    const lines = this.#lines((line, number) => {
      csv ??= new CsvSplitter(separatorOf(line), take, (broken) => this.#fail(broken, 'a quote is never closed'));
      csv.push(line, number);
    });
    return {
      push: lines.push,
      end: () => {
        lines.end();
        csv?.end();
      },
    };
  }

  #lines(take: (line: string, number: number) => void): Splitter {
    const splitter = new LineSplitter(take, (number) => this.#fail(number, 'the line is longer than 32 MiB'));
    return { push: (chunk) => splitter.push(chunk), end: () => splitter.end() };
  }

  #takeJson(text: string, line: number): void {
    this.#records++;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.#fail(line, `is no JSON: ${shorten(text)}`);
    }
    if (!isFields(value)) return this.#fail(line, 'is no JSON object');
    this.#meet(Object.keys(value));
    this.#takeRecord(new JsonRecord(value, text), line);
  }

  #takeRecord(record: LogRecord, line: number): void {
    this.#lastLine = line;
    try {
      const read = this.#format?.read(record) ?? [];
      if ('skipped' in read) {
        this.#skipped.set(read.skipped, (this.#skipped.get(read.skipped) ?? 0) + 1);
        return;
      }
      for (const row of read) {
        this.#rows++;
        this.#sink(row);
      }
    } catch (error) {
      if (!(error instanceof RowProblem)) throw error;
      this.#fail(line, error.message);
    }
  }

  #fail(line: number, reason: string): void {
    this.#badCount++;
    if (this.#bad.length < maxExamples) this.#bad.push({ line, reason });
  }

  /** Finds the format at the first record, and names columns that it does not know. */
  #meet(names: readonly string[]): void {
    // Rows mostly have the columns of the row before, and comparing is cheaper than joining.
    if (isSame(names, this.#lastNames)) return;
    this.#lastNames = names;
    const shape = names.join(' ');
    if (this.#knownShapes.has(shape)) return;
    if (this.#knownShapes.size < 1000) this.#knownShapes.add(shape);
    const columns = new Set(names);
    this.#format ??= logFormats.find((format) => format.matches(columns));
    if (!this.#format) {
      const known = logFormats.map(({ title }) => title).join(', ');
      throw new AuditError(
        `${this.#path} is none of the known logs (${known}); its columns are ${names.slice(0, 12).map(shorten).join(', ')}`,
      );
    }
    for (const name of names) {
      if (!this.#format.columns.has(name) && this.#unknownColumns.size < maxUnknownColumns) {
        this.#unknownColumns.add(shorten(name));
      }
    }
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** One object per line, or one document over many lines? */
function isObjectPerLine(text: string): boolean {
  const end = text.indexOf('\n');
  if (end < 0) return false;
  try {
    const value: unknown = JSON.parse(text.slice(0, end));
    // Pages of an API one per line are documents one after another.
    return isFields(value) && !Array.isArray(value['data']);
  } catch {
    return false;
  }
}

function isDamagedGzip(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['Z_BUF_ERROR', 'Z_DATA_ERROR'].includes(String(error.code));
}
