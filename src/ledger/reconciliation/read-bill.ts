import { type Bill, type BillCell, BillError, type BillProblem } from './bill.ts';
import { RowError } from './bill-record.ts';
import type { BillFormat } from './formats/bill-format.ts';
import { billFormats } from './formats/bill-formats.ts';
import { readRecords } from './read-records.ts';

/** Columns that a bill of this kind has by the dozen and that say nothing about use. */
const columnsOfSuppliers =
  /^(bill|identity|resourceTags|reservation|savingsPlan|discount|cost|split|product|pricing|lineItem|line_item|resource_tags|savings_plan)[/_]/;

/** Reads a bill or usage export. The format is recognised by its columns unless it is named. */
export function readBill(text: string, settings: { readonly format?: string; readonly host?: string } = {}): Bill {
  const { records, problems } = readRecords(text);
  const columns = new Set(records.flatMap((record) => [...record.columns]));
  const format = formatOf(columns, settings.format);
  const cells = new Map<string, BillCell>();
  const failures: BillProblem[] = [...problems];
  for (const record of records) {
    try {
      for (const cell of format.read(record)) addCell(cells, cell);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      failures.push({ line: record.line, message: error.message });
    }
  }
  return {
    format: format.id,
    host: settings.host ?? format.host,
    rows: records.length,
    cells: [...cells.values()].toSorted(byPlace),
    problems: failures.toSorted((one, other) => one.line - other.line),
    unknownColumns: [...columns]
      .filter((column) => !format.columns.has(column) && !columnsOfSuppliers.test(column))
      .toSorted(),
  };
}

function formatOf(columns: ReadonlySet<string>, id: string | undefined): BillFormat {
  const format = billFormats.find((candidate) => (id === undefined ? candidate.matches(columns) : candidate.id === id));
  if (format) return format;
  const known = billFormats.map((candidate) => candidate.id).join(', ');
  if (id !== undefined) throw new BillError(`there is no format ${id}; known are ${known}`);
  const seen = [...columns].slice(0, 20).join(', ');
  throw new BillError(`no known format has the columns ${seen}; known are ${known}`);
}

function addCell(cells: Map<string, BillCell>, cell: BillCell): void {
  const place = JSON.stringify([cell.day, cell.model, cell.key, cell.bucket]);
  const known = cells.get(place);
  const merged = known
    ? { ...cell, units: sum(known.units, cell.units), amountNanos: sum(known.amountNanos, cell.amountNanos) }
    : cell;
  cells.set(place, merged);
}

/** Unknown only when both are. */
function sum(one: bigint | null, other: bigint | null): bigint | null {
  return one === null || other === null ? (one ?? other) : one + other;
}

function byPlace(one: BillCell, other: BillCell): number {
  if (one.day !== other.day) return one.day - other.day;
  const place = `${one.model}\n${one.key}\n${one.bucket}`;
  const otherPlace = `${other.model}\n${other.key}\n${other.bucket}`;
  return Number(place > otherPlace) - Number(place < otherPlace);
}
