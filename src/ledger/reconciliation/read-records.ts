import { isJsonObject } from '../../domain/json/is-json-object.ts';
import { numberText, parseNumbersAsText } from '../../domain/json/json-numbers.ts';
import { BillError, type BillProblem } from './bill.ts';
import { BillRecord } from './bill-record.ts';

/** Rows of a file, and those that are no rows. */
export interface RecordList {
  readonly records: readonly BillRecord[];
  readonly problems: readonly BillProblem[];
}

const deepestNesting = 4;

/** Reads the rows of a CSV, JSON or JSON Lines text; numbers stay text. */
export function readRecords(text: string): RecordList {
  const trimmed = text.replace(/^\uFEFF/, '').trimStart();
  if (trimmed === '') throw new BillError('the file is empty');
  return trimmed.startsWith('{') || trimmed.startsWith('[') ? readJson(trimmed) : readCsv(trimmed);
}

function readCsv(text: string): RecordList {
  const [head, ...rows] = splitCsv(text);
  if (!head || head.cells.length < 2) throw new BillError('the first line names no columns');
  const columns = head.cells.map((column) => column.trim());
  const records: BillRecord[] = [];
  const problems: BillProblem[] = [];
  for (const { line, cells } of rows) {
    if (cells.length === 1 && cells[0] === '') continue;
    if (cells.length === columns.length) {
      records.push(new BillRecord(line, new Map(columns.map((column, index) => [column, cells[index] ?? '']))));
    } else problems.push({ line, message: `${cells.length} cells under ${columns.length} columns` });
  }
  return { records, problems };
}

interface CsvRow {
  readonly line: number;
  readonly cells: string[];
}

/** Cuts a table into cells: quoted ones may hold commas, quotes and line breaks. */
function splitCsv(text: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let line = 1;
  let row: CsvRow = { line, cells: [] };
  let at = 0;
  while (at < text.length) {
    const { cell, end } = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
    row.cells.push(cell);
    line += cell.split('\n').length - 1;
    at = end;
    if (text[at] === ',') {
      at += 1;
      if (at === text.length) row.cells.push('');
      continue;
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    line += 1;
    rows.push(row);
    row = { line, cells: [] };
  }
  if (row.cells.length > 0) rows.push(row);
  return rows;
}

function plainCell(text: string, start: number): { cell: string; end: number } {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return { cell: text.slice(start, end), end };
}

function quotedCell(text: string, start: number): { cell: string; end: number } {
  let cell = '';
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new BillError('a quoted cell does not end');
    cell += text.slice(at, quote);
    if (text[quote + 1] !== '"') {
      const rest = plainCell(text, quote + 1);
      return { cell: cell + rest.cell, end: rest.end };
    }
    cell += '"';
    at = quote + 2;
  }
}

function readJson(text: string): RecordList {
  const items = parseItems(text);
  const records: BillRecord[] = [];
  const problems: BillProblem[] = [];
  let line = 0;
  for (const item of items) {
    const { results, ...outer } = isJsonObject(item) ? item : {};
    const inner = Array.isArray(results) ? results : [undefined];
    for (const result of inner) {
      line += 1;
      if (!isJsonObject(item) || (result !== undefined && !isJsonObject(result))) {
        problems.push({ line, message: 'this is no object' });
        continue;
      }
      const cells = new Map<string, string>();
      flatten({ ...outer, ...result }, { prefix: '', cells, depth: 0 });
      records.push(new BillRecord(line, cells));
    }
  }
  return { records, problems };
}

/** Items of a list, of a page with `data`, or of one object per line. */
function parseItems(text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = parseNumbersAsText(text);
  } catch {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    try {
      return lines.flatMap((line) => itemsOf(parseNumbersAsText(line)));
    } catch {
      // Neither one document nor one per line.
      throw new BillError('the file is neither CSV nor JSON');
    }
  }
  return itemsOf(parsed);
}

function itemsOf(parsed: unknown): readonly unknown[] {
  if (Array.isArray(parsed))
    return parsed.flatMap((item) => (isJsonObject(item) && Array.isArray(item.data) ? item.data : [item]));
  if (isJsonObject(parsed) && Array.isArray(parsed.data)) return parsed.data;
  return [parsed];
}

function flatten(
  fields: { readonly [name: string]: unknown },
  into: { readonly prefix: string; readonly cells: Map<string, string>; readonly depth: number },
): void {
  for (const [name, value] of Object.entries(fields)) {
    const path = `${into.prefix}${name}`;
    if (isJsonObject(value) && into.depth < deepestNesting) {
      flatten(value, { ...into, prefix: `${path}.`, depth: into.depth + 1 });
    } else if (value !== null && typeof value !== 'object') into.cells.set(path, numberText(value) ?? String(value));
  }
}
