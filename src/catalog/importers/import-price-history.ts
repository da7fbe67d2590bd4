import { parseNumbersAsText } from '../../domain/json/json-numbers.ts';
import { parseScaled } from '../../domain/money/money.ts';
import type { PriceTerms } from '../../domain/rating/price.ts';
import type { Observation } from '../price-book/observation.ts';
import type { CatalogFormat, CatalogOffer, ImportProblem } from './contract.ts';
import { type Fields, isRecord } from './fields.ts';
import { ImportLog } from './import-log.ts';
import { importLitellmRow } from './import-litellm.ts';
import { importModelsDevRow } from './import-models-dev.ts';
import { hostOf } from './host-names.ts';
import { readCsv } from './read-csv.ts';

/** A recorded history of one catalog, oldest first. */
export interface ImportedHistory {
  readonly source: CatalogFormat;
  readonly rows: number;
  readonly observations: readonly Observation[];
  readonly problems: readonly ImportProblem[];
  readonly problemCount: number;
}

/** How to read a history whose text does not say everything. */
export interface HistoryOptions {
  /** The catalog whose changes these are; default: told by the columns. */
  readonly source?: CatalogFormat;
}

type Row = { readonly [column: string]: string };

const bucketColumns = ['input', 'output', 'cache_read', 'cache_write', 'reasoning', 'input_audio', 'output_audio'];
const maxRows = 1_000_000;

/**
 * Reads a recorded price history: CSV with a header, one change per row, USD per million. Either whole prices
 * (`date, provider, model, event, input_new, output_new …`) or single fields (`date, model, field, old_usd_per_1m,
 * new_usd_per_1m`). Undefined when the columns are neither.
 */
export function importPriceHistory(text: string, options: HistoryOptions = {}): ImportedHistory | undefined {
  const rows = readCsv(text);
  const header = rows.next().value;
  const columns = Array.isArray(header) ? (header as readonly string[]) : [];
  const isFieldwise = ['date', 'model', 'field', 'new_usd_per_1m'].every((column) => columns.includes(column));
  const isWhole = ['date', 'provider', 'model', 'event', 'input_new'].every((column) => columns.includes(column));
  if (!isFieldwise && !isWhole) return undefined;
  const wholeSource = columns.includes('reasoning_new') ? 'models.dev' : 'portkey';
  const source = options.source ?? (isFieldwise ? 'litellm' : wholeSource);
  const log = new ImportLog();
  const read = isFieldwise ? fieldwiseReader(source, log) : wholeReader(source, log);
  const observations: Observation[] = [];
  let count = 0;
  for (const fields of rows) {
    count++;
    const row = Object.fromEntries(columns.map((column, at) => [column, fields[at] ?? '']));
    const place = { line: count + 1, row: `${row['provider'] ?? ''} ${row['model'] ?? ''}`.trim() };
    const atMs = Date.parse(row['date'] ?? '');
    if (count > maxRows || Number.isNaN(atMs)) {
      log.problem({ ...place, message: count > maxRows ? 'too many rows' : 'date is none' });
      if (count > maxRows) break;
      continue;
    }
    const observation = read(row, { ...place, atMs });
    if (!observation) continue;
    // Fields that changed in one commit are one change.
    if (isFieldwise && isSameChange(observations.at(-1), observation)) observations.pop();
    observations.push(observation);
  }
  const { problems, problemCount } = log;
  return { source, rows: count, observations: observations.toSorted(byTime), problems, problemCount };
}

function isSameChange(previous: Observation | undefined, next: Observation): boolean {
  if (previous?.kind !== 'quote' || next.kind !== 'quote') return false;
  return previous.endpointId === next.endpointId && previous.atMs === next.atMs;
}

function byTime(left: Observation, right: Observation): number {
  return left.atMs - right.atMs;
}

interface Place {
  readonly line: number;
  readonly row: string;
  readonly atMs: number;
}

type RowReader = (row: Row, place: Place) => Observation | undefined;

/** Each row is the whole price after the change. */
function wholeReader(source: CatalogFormat, log: ImportLog): RowReader {
  return (row, place) => {
    const { host } = hostOf(source, row['provider'] ?? '');
    const origin = { ...originOf(source, row), endpointId: `${host}/${row['model']}`, atMs: place.atMs };
    if (row['event'] === 'remove') return { kind: 'removed', ...origin };
    const stated = bucketColumns.flatMap((column) => {
      const text = row[`${column}_new`] ?? '';
      return text === '' ? [] : [[column, text] as const];
    });
    const cost = { ...Object.fromEntries(stated), ...tiersOf(row, place, log) };
    const fields = { provider_id: row['provider'] ?? '', id: row['model'] ?? '', cost };
    const offer = importModelsDevRow({ line: place.line, key: place.row, fields }, log);
    const terms = offer?.prices[0]?.terms;
    // A row that lost its last price is one that the catalog no longer prices.
    if (!offer || !terms) return { kind: 'removed', ...origin };
    return { kind: 'quote', ...origin, terms, sourceText: offer.sourceText, ...inexact(offer) };
  };
}

/** Tiers are JSON in the catalog's own notation; older rows hold another one, which is no price. */
function tiersOf(row: Row, { line, row: name }: Place, log: ImportLog): Fields {
  const text = row['tiers_new'] ?? '';
  if (text === '') return {};
  try {
    const value = parseNumbersAsText(text);
    if (isRecord(value)) return value;
  } catch {
    // Told below, as every other value that is no object.
  }
  log.problem({ line, row: name, message: 'tiers_new is no JSON object' });
  return {};
}

/**
 * Each row is one field. Mirrors of one catalog lag behind each other: a change from a value that the catalog has left
 * already is an old one seen late, and left out.
 */
function fieldwiseReader(source: CatalogFormat, log: ImportLog): RowReader {
  const known = new Map<string, Map<string, string>>();
  return (row, place) => {
    const model = row['model'] ?? '';
    const fields = known.get(model) ?? new Map<string, string>();
    const provider = row['litellm_provider'] || fields.get('litellm_provider') || '';
    if (provider !== '') fields.set('litellm_provider', provider);
    known.set(model, fields);
    const offer = importLitellmRow(
      { line: place.line, key: model, fields: { litellm_provider: provider || '?' } },
      log,
    );
    if (!offer) return undefined;
    const origin = { ...originOf(source, row), endpointId: `${offer.host}/${offer.model}`, atMs: place.atMs };
    if (row['event'] === 'remove') {
      known.delete(model);
      return { kind: 'removed', ...origin };
    }
    if (!applyField(fields, row)) return undefined;
    return quoteOfFields(fields, { origin, log, place });
  };
}

/** False when the row changes nothing that is known. */
function applyField(fields: Map<string, string>, row: Row): boolean {
  const { field = '', old_usd_per_1m: old = '', new_usd_per_1m: value = '' } = row;
  if (field === '') return false;
  const current = fields.get(field);
  const isLate = current !== undefined && old !== '' && picosOf(current) !== picosOf(old);
  if (isLate || current === value) return false;
  if (value === '') fields.delete(field);
  else fields.set(field, value);
  return true;
}

function picosOf(usdPerMillion: string): bigint | undefined {
  return parseScaled(usdPerMillion, 6)?.value;
}

function quoteOfFields(
  fields: ReadonlyMap<string, string>,
  { origin, log, place }: { origin: QuoteOrigin; log: ImportLog; place: Place },
): Observation | undefined {
  const perToken = [...fields].map(([key, value]) => {
    const picos = picosOf(value);
    return [key, key === 'litellm_provider' || picos === undefined ? value : `${picos}e-12`] as const;
  });
  const row = { line: place.line, key: place.row, fields: { litellm_provider: '?', ...Object.fromEntries(perToken) } };
  const offer = importLitellmRow(row, log);
  const terms: PriceTerms | undefined = offer?.prices[0]?.terms;
  return offer && terms && { kind: 'quote', ...origin, terms, sourceText: offer.sourceText, ...inexact(offer) };
}

interface QuoteOrigin {
  readonly source: string;
  readonly endpointId: string;
  readonly atMs: number;
}

function originOf(source: CatalogFormat, row: Row): { source: string; sourceHash?: string } {
  const commit = row['commit'] ?? '';
  return { source, ...(commit !== '' && { sourceHash: commit }) };
}

function inexact({ isInexact }: CatalogOffer): { inexact?: boolean } {
  return isInexact ? { inexact: true } : {};
}
