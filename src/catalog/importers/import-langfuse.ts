import type { PriceCondition } from '../../domain/rating/price.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import type { CatalogRow } from './catalog-rows.ts';
import type { CatalogOffer } from './contract.ts';
import { countOf, type Fields, isRecord, textOf, textsOf } from './fields.ts';
import type { ImportLog } from './import-log.ts';
import { present, RowImport } from './row-import.ts';

const bucketOfKey: { readonly [key: string]: UsageBucket } = {
  input: 'input',
  output: 'output',
  output_reasoning_tokens: 'reasoning',
  input_cache_read: 'cacheRead',
  cache_read_input_tokens: 'cacheRead',
  input_cached_tokens: 'cacheRead',
  input_cache_creation: 'cacheWrite5m',
  cache_creation_input_tokens: 'cacheWrite5m',
  input_cache_creation_5m: 'cacheWrite5m',
  input_cache_creation_1h: 'cacheWrite1h',
  input_audio_tokens: 'audioIn',
  output_audio_tokens: 'audioOut',
  web_search_queries: 'requests',
};

/** Reads one of Langfuse's default prices, in USD per token. They are of a model at whatever host: the host is `any`. */
export function importLangfuseRow(row: CatalogRow, log: ImportLog): CatalogOffer | undefined {
  const reading = new RowImport(row, log, 'usdPerUnit');
  const model = textOf(row.fields['modelName']);
  const tiers = row.fields['pricingTiers'];
  if (model === undefined || !Array.isArray(tiers)) {
    reading.problem('modelName or pricingTiers is missing');
    return undefined;
  }
  for (const tier of tiers as readonly unknown[]) readTier(reading, tier);
  return reading.offer('langfuse', { hostName: 'any', model, facts: present({ name: model }) });
}

function readTier(reading: RowImport, tier: unknown): void {
  if (!isRecord(tier) || !isRecord(tier['prices'])) return reading.problem('pricingTiers has a tier without prices');
  const conditions = tier['isDefault'] === true ? [{}] : conditionsOf(tier['conditions']);
  if (conditions.length === 0) return reading.ignore('pricingTiers.conditions of another kind', 'not rated');
  for (const when of conditions) {
    for (const [key, value] of Object.entries(tier['prices'])) {
      const bucket = Object.hasOwn(bucketOfKey, key) ? bucketOfKey[key] : undefined;
      if (bucket) reading.price(bucket, { key, value }, { when });
      // Most are other spellings of the same units, for other libraries.
      else reading.ignore(`prices.${key}`, 'not rated');
    }
  }
}

/** All conditions of a tier must hold; one that lists several service tiers holds for each. */
function conditionsOf(value: unknown): PriceCondition[] {
  let found: PriceCondition[] = [{}];
  for (const condition of Array.isArray(value) ? (value as readonly unknown[]) : [undefined]) {
    const parts = isRecord(condition) ? partsOf(condition) : [];
    found = found.flatMap((when) => parts.map((part) => ({ ...when, ...part })));
  }
  return found;
}

function partsOf(condition: Fields): PriceCondition[] {
  if (condition['key'] === 'service_tier' && condition['operator'] === 'in') {
    return (textsOf(condition['values']) ?? []).map((serviceTier) => ({ serviceTier }));
  }
  const threshold = countOf(condition['value']);
  const isInput = /input|prompt/.test(textOf(condition['usageDetailPattern']) ?? '');
  return isInput && condition['operator'] === 'gt' && threshold !== undefined ? [{ minTotalInputGt: threshold }] : [];
}
