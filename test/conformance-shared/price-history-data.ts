import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { hostOf } from '../../src/catalog/importers/host-names.ts';
import { importPriceHistory } from '../../src/catalog/importers/import-price-history.ts';
import { readCsv } from '../../src/catalog/importers/read-csv.ts';
import { type BookEvent, type Observation, type PriceAlert, PriceBook } from '../../src/catalog/price-book/index.ts';

const shared = process.env['SWITCHYARD_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));

/** Text of one of the recorded files. */
export function readShared(path: string): string {
  const bytes = readFileSync(join(shared, 'data/value', path));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

/** Recorded histories of three catalogs: the first one is where the shocks were seen. */
export const histories = ['modelsdev_price_changes.csv.gz', 'portkey_price_changes.csv', 'litellm_price_changes.csv'];

/** Observations of some histories, in order of time. */
export function observationsOf(files: readonly string[]): Observation[] {
  const all = files.flatMap((file) => {
    const history = importPriceHistory(readShared(`prices/${file}`));
    if (!history || history.problemCount > 0) throw new Error(`${file} was not read whole`);
    return history.observations;
  });
  return all.toSorted((left, right) => left.atMs - right.atMs);
}

/** A row of a recorded file by column. */
export type Row = Readonly<Record<string, string>>;

/** Rows of a recorded CSV file. */
export function readTable(path: string): Row[] {
  const [header = [], ...rows] = [...readCsv(readShared(path))];
  return rows.map((row) => Object.fromEntries(header.map((column, at) => [column, row[at] ?? ''])));
}

/** Endpoint of a row of the first history or of the shocks. */
export function endpointOf(row: Row): string {
  return `${hostOf('models.dev', row['provider'] ?? '').host}/${row['model']}`;
}

/** Alerts, and pages with the instant at which they went out. */
export interface Told {
  readonly book: PriceBook;
  readonly alerts: readonly PriceAlert[];
  readonly pages: readonly { readonly alertId: string; readonly endpointId: string; readonly atMs: number }[];
}

/** Lets a book see observations in order, and a month pass after the last. */
export function replay(observations: readonly Observation[]): Told {
  const book = new PriceBook();
  const events: BookEvent[] = [];
  for (const observation of observations) events.push(...book.observe(observation));
  events.push(...book.advance((observations.at(-1)?.atMs ?? 0) + 30 * 24 * 3_600_000));
  const alerts = events.flatMap((event) => (event.type === 'alert_raised' ? [event.alert] : []));
  const pages = events.flatMap((event) => {
    if (event.type === 'alert_paged') return [event];
    if (event.type !== 'alert_raised' || event.alert.severity !== 'page') return [];
    const { id, endpointId, raisedAtMs } = event.alert;
    return [{ alertId: id, endpointId, atMs: raisedAtMs }];
  });
  return { book, alerts, pages };
}
