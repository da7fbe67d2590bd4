import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { importCatalog } from '../../src/catalog/importers/import-catalog.ts';
import { termsAt } from '../../src/catalog/importers/observe-catalog.ts';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';
import type { PriceTerms } from '../../src/domain/rating/price.ts';

/** A host and dialect by which a block was read, and what it costs there. */
export interface Extractor {
  readonly provider_id: string;
  readonly api_flavor: string;
  readonly input_price?: string;
  readonly output_price?: string;
}

/** One reading of a usage block, with what the collection says it costs at some hosts. */
export interface PricedReading {
  readonly usage: { readonly [bucket: string]: number };
  readonly extractors: readonly Extractor[];
}

/** One recorded usage block. */
export interface PricedRow {
  readonly model?: string;
  readonly body: { readonly [field: string]: unknown; readonly file: string };
  readonly extracted: readonly PricedReading[];
}

/** A model of the price list that the collection was priced with. */
interface ListedModel {
  readonly providerId: string;
  readonly matches: (model: string) => boolean;
  readonly terms: PriceTerms | undefined;
}

const shared = process.env['SWITCHYARD_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
const listedAtMs = Date.parse('2026-08-21T00:00:00Z');

/** Every recorded usage block. */
export function pricedRows(): readonly PricedRow[] {
  const text = readFileSync(join(shared, 'data', 'gateway-fixtures', 'genai-prices', 'usages.json'), 'utf8');
  return JSON.parse(text) as PricedRow[];
}

/** The price list beside it, read by our own importer. */
export function priceList(): (providerId: string, model: string) => PriceTerms | undefined {
  const path = join(shared, 'data', 'value', 'catalogues', 'genai_prices_2026-08-21.jsonl.gz');
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
  const models = lines.flatMap(readModel);
  // Clouds that list no price of their own for a model take the price of its maker.
  return (providerId, model) =>
    [providerId, 'openai', 'anthropic']
      .map((id) => models.find((listed) => listed.providerId === id && listed.matches(model))?.terms)
      .find((terms) => terms !== undefined);
}

function readModel(line: string): readonly ListedModel[] {
  const { provider_id: providerId } = JSON.parse(line) as JsonObject;
  const offer = importCatalog(line, { format: 'genai-prices' })?.offers[0];
  if (!offer?.matches || typeof providerId !== 'string') return [];
  return [{ providerId, matches: offer.matches, terms: termsAt(offer, listedAtMs) }];
}
