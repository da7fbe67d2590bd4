import type { PriceCondition, PriceTerms } from '../../domain/rating/price.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import type { CatalogRow } from './catalog-rows.ts';
import type { CatalogOffer, DatedTerms, ModelFacts } from './contract.ts';
import { countOf, type Fields, isRecord, textOf } from './fields.ts';
import { matcherOf } from './genai-match.ts';
import type { ImportLog } from './import-log.ts';
import { timeOfDay } from './import-openrouter.ts';
import { present, RowImport } from './row-import.ts';
import type { PriceUnit } from './terms-builder.ts';

const bucketOfKey: { readonly [key: string]: { readonly bucket: UsageBucket; readonly unit?: PriceUnit } } = {
  input_mtok: { bucket: 'input' },
  output_mtok: { bucket: 'output' },
  output_reasoning_mtok: { bucket: 'reasoning' },
  cache_read_mtok: { bucket: 'cacheRead' },
  cache_write_mtok: { bucket: 'cacheWrite5m' },
  cache_write_1h_mtok: { bucket: 'cacheWrite1h' },
  input_audio_mtok: { bucket: 'audioIn' },
  output_audio_mtok: { bucket: 'audioOut' },
  input_image_mtok: { bucket: 'imageIn' },
  output_image_mtok: { bucket: 'imageOut' },
  input_video_mtok: { bucket: 'videoIn' },
  web_searches_kcount: { bucket: 'requests', unit: 'usdPerThousand' },
};

const factKeys = new Set(
  `provider_id id name match prices context_window deprecated description price_comments prices_checked
  price_discrepancies collapse`.split(/\s+/),
);

/** Reads one model of genai-prices, prices in USD per million; a list of prices is dated, or holds at times of day. */
export function importGenaiPricesRow(row: CatalogRow, log: ImportLog): CatalogOffer | undefined {
  const { fields } = row;
  const reading = new RowImport(row, log, 'usdPerMillion');
  const hostName = textOf(fields['provider_id']) ?? row.provider;
  const model = textOf(fields['id']) ?? row.key;
  if (hostName === undefined) {
    reading.problem('provider_id is missing');
    return undefined;
  }
  for (const key of Object.keys(fields)) if (!factKeys.has(key)) reading.ignore(key, 'unknown');
  const matches = matcherOf(fields['match']);
  if (fields['match'] !== undefined && !matches) reading.problem('match is not understood');
  const prices = pricesOf(reading, fields['prices']);
  return reading.offer('genai-prices', {
    hostName,
    model,
    facts: factsOf(fields),
    prices,
    ...(matches && { matches }),
  });
}

/** Of a list the last entry that is active wins: one without a constraint is the base, dates start a new price. */
function pricesOf(reading: RowImport, prices: unknown): DatedTerms[] {
  const entries: readonly unknown[] = Array.isArray(prices) ? prices : [{ prices }];
  const dated: DatedTerms[] = [];
  for (const entry of entries) {
    if (!isRecord(entry) || !isRecord(entry['prices'])) {
      reading.problem('prices has an entry without prices');
      continue;
    }
    const constraint = isRecord(entry['constraint']) ? entry['constraint'] : {};
    const start = textOf(constraint['start_date']);
    const fromMs = start === undefined ? undefined : Date.parse(start);
    const window = windowOf(constraint);
    const isUnderstood = Object.keys(constraint).every((key) => constraintKeys.has(key));
    if (!isUnderstood || Number.isNaN(fromMs) || ('start_time' in constraint && !window)) {
      reading.problem('prices has a constraint that is not understood');
      continue;
    }
    readPrices(reading, entry['prices'], {});
    const terms = reading.takeTerms();
    if (!terms) continue;
    const base = dated.at(-1);
    if (window && base && fromMs === undefined)
      dated.splice(-1, 1, { ...base, terms: withWindow(base.terms, window, terms) });
    else dated.push({ fromMs, terms });
  }
  return dated.toSorted((left, right) => (left.fromMs ?? -Infinity) - (right.fromMs ?? -Infinity));
}

const constraintKeys = new Set(['start_date', 'start_time', 'end_time']);

function windowOf(constraint: Fields): PriceCondition | undefined {
  const utcStartMs = timeOfDay(constraint['start_time']);
  const utcEndMs = timeOfDay(constraint['end_time']);
  return utcStartMs === undefined || utcEndMs === undefined ? undefined : { utcStartMs, utcEndMs };
}

function withWindow(base: PriceTerms, when: PriceCondition, terms: PriceTerms): PriceTerms {
  const rules = (terms.rules ?? []).map((rule) => ({ ...rule, when: { ...rule.when, ...when } }));
  return { ...base, rules: [...(base.rules ?? []), { when, picosPerUnit: terms.picosPerUnit }, ...rules] };
}

function readPrices(reading: RowImport, prices: Fields, when: PriceCondition): void {
  for (const [key, value] of Object.entries(prices)) {
    const known = Object.hasOwn(bucketOfKey, key) ? bucketOfKey[key] : undefined;
    if (key === 'requests_kcount') reading.pricePerCall({ key, value }, 'usdPerThousand');
    else if (!known) reading.ignore(`prices.${key}`, /_mtok$|_kcount$/.test(key) ? 'not rated' : 'unknown');
    else readPrice(reading, { key, value, ...known }, when);
  }
}

function readPrice(
  reading: RowImport,
  { key, value, bucket, unit }: { key: string; value: unknown; bucket: UsageBucket; unit?: PriceUnit },
  when: PriceCondition,
): void {
  const at = { when, ...(unit && { unit }) };
  if (!isRecord(value)) return reading.price(bucket, { key, value }, at);
  reading.price(bucket, { key, value: value['base'] }, at);
  const tiers: readonly unknown[] = Array.isArray(value['tiers']) ? value['tiers'] : [];
  for (const tier of tiers) {
    const start = isRecord(tier) ? countOf(tier['start']) : undefined;
    if (!isRecord(tier) || start === undefined) reading.problem(`${key} has a tier without a start`);
    else reading.price(bucket, { key, value: tier['price'] }, { ...at, when: { ...when, minTotalInputGt: start } });
  }
}

function factsOf(fields: Fields): ModelFacts {
  return present({
    name: textOf(fields['name']),
    contextTokens: countOf(fields['context_window']),
    isDeprecated: fields['deprecated'] === true ? true : undefined,
  });
}
