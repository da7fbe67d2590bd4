/** One CSV record and the line on which it starts. */
export type CsvSink = (cells: string[], line: number) => void;

/** Longest record over several lines; beyond it the quote on its first line is taken for a mistake. */
const maxRecordLength = 4 * 1024 * 1024;
const maxRecordLines = 20_000;

/** Joins lines to CSV records by RFC 4180: quoted cells may hold separators, doubled quotes and line breaks. */
export class CsvSplitter {
  readonly #sink: CsvSink;
  readonly #onBroken: (line: number) => void;
  readonly separator: string;
  /** Lines of a record whose quote is still open. */
  #open: string[] = [];
  #openLength = 0;
  #openedAt = 0;

  constructor(separator: string, sink: CsvSink, onBroken: (line: number) => void) {
    this.separator = separator;
    this.#sink = sink;
    this.#onBroken = onBroken;
  }

  push(line: string, number: number): void {
    if (this.#open.length === 0) {
      if (line === '') return;
      if (!line.includes('"')) {
        this.#sink(line.split(this.separator), number);
        return;
      }
      const cells = splitCells(line, this.separator);
      if (cells) this.#sink(cells, number);
      else this.#hold(line, number);
      return;
    }
    this.#hold(line, number);
    // Only a line with an odd number of quotes can close what is open.
    if (!isBalanced(line)) {
      const cells = splitCells(this.#open.join('\n'), this.separator);
      if (cells) {
        this.#open = [];
        this.#openLength = 0;
        this.#sink(cells, this.#openedAt);
        return;
      }
    }
    if (this.#openLength > maxRecordLength || this.#open.length > maxRecordLines) this.#giveUp();
  }

  end(): void {
    while (this.#open.length > 0) this.#giveUp();
  }

  #hold(line: string, number: number): void {
    if (this.#open.length === 0) this.#openedAt = number;
    this.#open.push(line);
    this.#openLength += line.length + 1;
  }

  /** The first line is at fault; what follows it is read again. */
  #giveUp(): void {
    const [, ...following] = this.#open;
    const first = this.#openedAt;
    this.#open = [];
    this.#openLength = 0;
    this.#onBroken(first);
    for (const [index, line] of following.entries()) this.push(line, first + 1 + index);
  }
}

/** Finds the separator of a header line: the one of comma, semicolon and tab that splits it most. */
export function separatorOf(header: string): string {
  const counts = [',', ';', '\t'].map((separator) => ({ separator, cells: header.split(separator).length }));
  return counts.toSorted((one, other) => other.cells - one.cells)[0]?.separator ?? ',';
}

function isBalanced(line: string): boolean {
  let quotes = 0;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 0;
}

/** Splits one record; undefined when a quote stays open. */
function splitCells(record: string, separator: string): string[] | undefined {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (record[at] === '"') {
      const closed = quotedCell(record, at);
      if (!closed) return undefined;
      // Text behind the closing quote is no CSV, but people's tools write it: it belongs to the cell.
      const next = record.indexOf(separator, closed.end);
      const tail = record.slice(closed.end, next < 0 ? record.length : next);
      cells.push(tail === '' ? closed.text : closed.text + tail);
      if (next < 0) return cells;
      at = next + separator.length;
    } else {
      const next = record.indexOf(separator, at);
      cells.push(record.slice(at, next < 0 ? record.length : next));
      if (next < 0) return cells;
      at = next + separator.length;
    }
  }
}

function quotedCell(record: string, start: number): { text: string; end: number } | undefined {
  let hasDoubled = false;
  let quote = record.indexOf('"', start + 1);
  while (quote >= 0 && record[quote + 1] === '"') {
    hasDoubled = true;
    quote = record.indexOf('"', quote + 2);
  }
  if (quote < 0) return undefined;
  const text = record.slice(start + 1, quote);
  return { text: hasDoubled ? text.replaceAll('""', '"') : text, end: quote + 1 };
}
