import type { ImportProblem } from '../importers/contract.ts';
import { observeCatalog } from '../importers/observe-catalog.ts';
import { type BookEvent, type Observation, PriceBook } from '../price-book/index.ts';
import type { PriceFile } from './read-price-file.ts';

/** What an import would tell the price book, or has told it. */
export interface PriceImport {
  readonly source: string;
  readonly rows: number;
  readonly observations: readonly Observation[];
  /** Rows of hosts that cannot be called: read, but of no use here. */
  readonly otherHosts: number;
  readonly problems: readonly ImportProblem[];
  readonly problemCount: number;
  readonly ignored: readonly { readonly key: string; readonly rows: number; readonly reason: string }[];
}

/** How the price book took an import. */
export interface ImportEffect {
  readonly versionsOpened: number;
  readonly versionsClosed: number;
  readonly notices: number;
  readonly pages: number;
}

/** Turns a file into what the price book is told; `atMs` is the date of a catalog's state, histories have their own. */
export function planImport(file: PriceFile, atMs: number, sourceHash?: string): PriceImport {
  if (file.kind === 'history') {
    const { source, rows, observations, problems, problemCount } = file.history;
    return { source, rows, observations, otherHosts: 0, problems, problemCount, ignored: [] };
  }
  const { catalog } = file;
  const { format: source, rows, problems, problemCount, ignoredKeys: ignored } = catalog;
  const observations = observeCatalog(catalog, { atMs, ...(sourceHash !== undefined && { sourceHash }) });
  const otherHosts = catalog.offers.filter(({ isKnownHost }) => !isKnownHost).length;
  return { source, rows, observations, otherHosts, problems, problemCount, ignored };
}

/** Takes an import into a price book, which may be the stored one; answers what it did there. */
export async function importPrices(
  plan: PriceImport,
  book: { ingest(observations: readonly Observation[]): Promise<readonly BookEvent[]> },
): Promise<ImportEffect> {
  return effectOf(await book.ingest(plan.observations));
}

/** What an import would do to an empty price book. */
export function tryImport(plan: PriceImport): ImportEffect {
  const book = new PriceBook();
  return effectOf(plan.observations.flatMap((observation) => book.observe(observation)));
}

function effectOf(events: readonly BookEvent[]): ImportEffect {
  const count = (matches: (event: BookEvent) => boolean): number => events.filter(matches).length;
  return {
    versionsOpened: count(({ type }) => type === 'version_opened'),
    versionsClosed: count(({ type }) => type === 'version_closed'),
    notices: count((event) => event.type === 'alert_raised' && event.alert.severity === 'notice'),
    pages: count((event) =>
      event.type === 'alert_raised' ? event.alert.severity === 'page' : event.type === 'alert_paged',
    ),
  };
}
