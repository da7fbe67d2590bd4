import { InputFault } from './input-fault.ts';

const maxRows = 10_000;

/** Reads one JSON value per line. */
export function readNdjson(text: string): readonly unknown[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(0, maxRows).map((line, at) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      throw new InputFault([{ field: `outcomes.${at}`, detail: 'is no JSON; each line is one JSON object' }]);
    }
  });
}

/** Reads CSV with a header line into one object per row; empty cells are left out. Quotes may hold commas and lines. */
export function readCsvRows(text: string): readonly { readonly [column: string]: string }[] {
  const [header = [], ...rows] = cellsOf(text.replace(/^\uFEFF/, ''));
  const columns = header.map((column) => column.trim());
  if (columns.length === 0 || columns.includes('') || new Set(columns).size < columns.length) {
    throw new InputFault([{ field: 'body', detail: 'needs a first line that names each column once' }]);
  }
  return rows.slice(0, maxRows).map((cells, at) => {
    if (cells.length !== columns.length) {
      const detail = `has ${cells.length} cells instead of ${columns.length}`;
      throw new InputFault([{ field: `outcomes.${at}`, detail }]);
    }
    return Object.fromEntries(columns.flatMap((column, place) => (cells[place] ? [[column, cells[place]]] : [])));
  });
}

function cellsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // One cell and what ends it; a quoted cell holds doubled quotes.
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
    if (end === '') break;
  }
  return rows;
}
