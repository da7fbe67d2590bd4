import { formatNanosAsUsd } from '../../domain/money/money.ts';
import { alignRows } from './align-rows.ts';
import { type Terminal, writeJson, writeLine } from './terminal.ts';

/** How an answer is shown: `--json` for scripts. */
export const jsonArgument = { json: { type: 'boolean', description: 'Answer as JSON' } } as const;

/** Arguments of every list. */
export const listArguments = {
  limit: { type: 'string', description: 'Rows of a page, 1 to 200; else 50' },
  cursor: { type: 'string', description: 'Where the next page begins, as the page before said' },
} as const;

/** Columns by their title; each says what stands in the row. */
export type Columns<Row> = { readonly [title: string]: (row: Row) => string | undefined };

/** Writes the rows of a page as a table, or the whole page as JSON. */
export function writeRows<Row>(
  terminal: Terminal,
  page: { readonly data: readonly Row[]; readonly nextCursor?: string | null },
  { columns, json }: { readonly columns: Columns<Row>; readonly json: boolean | undefined },
): void {
  if (json === true) return writeJson(terminal, page);
  if (page.data.length === 0) return writeLine(terminal, 'none');
  const titles = Object.keys(columns);
  const rows = page.data.map((row) => Object.values(columns).map((cell) => cell(row) ?? '-'));
  for (const line of alignRows([titles, ...rows])) writeLine(terminal, line);
  if (typeof page.nextCursor === 'string') writeLine(terminal, `more: --cursor ${page.nextCursor}`);
}

/** Writes one object, a line for each field that is set, or all of it as JSON. */
export function writeObject(terminal: Terminal, object: object, json: boolean | undefined): void {
  if (json === true) return writeJson(terminal, object);
  const rows = Object.entries(object).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[labelOf(name), textOf(name, value)]],
  );
  for (const line of alignRows(rows)) writeLine(terminal, line);
}

/** An amount for people; unknown is said. */
export function usd(nanos: string | null | undefined): string | undefined {
  if (nanos === undefined) return undefined;
  return nanos === null ? 'unknown' : formatNanosAsUsd(BigInt(nanos));
}

/** An instant for people, in UTC. */
export function time(atMs: number | null | undefined): string | undefined {
  return atMs === undefined || atMs === null ? undefined : new Date(atMs).toISOString().replace('.000Z', 'Z');
}

/** Fields in `Ms` are instants or durations, and only their size tells which: nothing measured here took ten years. */
const longestDurationMs = 10 * 365 * 86_400_000;

function labelOf(name: string): string {
  return name.replace(/(Nanos|Ms)$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function textOf(name: string, value: unknown): string {
  if (name.endsWith('Nanos') && typeof value === 'string') return formatNanosAsUsd(BigInt(value));
  if (name.endsWith('Ms') && typeof value === 'number')
    return value > longestDurationMs ? (time(value) ?? '') : `${value} ms`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
