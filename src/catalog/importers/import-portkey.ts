import type { PriceCondition } from '../../domain/rating/price.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import type { CatalogRow } from './catalog-rows.ts';
import type { CatalogOffer } from './contract.ts';
import { type Fields, isRecord, textOf } from './fields.ts';
import type { ImportLog } from './import-log.ts';
import { RowImport } from './row-import.ts';

const bucketOfKey: { readonly [key: string]: UsageBucket } = {
  request_token: 'input',
  response_token: 'output',
  reasoning_token: 'reasoning',
  cache_read_input_token: 'cacheRead',
  cache_write_input_token: 'cacheWrite5m',
  request_audio_token: 'audioIn',
  response_audio_token: 'audioOut',
  request_image_token: 'imageIn',
  response_image_token: 'imageOut',
};

const additionalUnits: { readonly [key: string]: UsageBucket } = {
  cache_write_1h: 'cacheWrite1h',
  web_search: 'requests',
};

/** Reads one row of Portkey's price files, in cents per token. The `default` row of zeros is no price. */
export function importPortkeyRow(row: CatalogRow, log: ImportLog): CatalogOffer | undefined {
  const { fields } = row;
  const model = textOf(fields['id']) ?? row.key;
  if (model === 'default') return undefined;
  const reading = new RowImport(row, log, 'centsPerUnit');
  const hostName = textOf(fields['provider_id']) ?? row.provider;
  const pricing = fields['pricing_config'];
  if (hostName === undefined) {
    reading.problem('the provider is not known: it is the name of the file');
    return undefined;
  }
  if (isRecord(pricing)) readPricing(reading, pricing);
  else reading.problem('pricing_config is no object');
  return reading.offer('portkey', { hostName, model, facts: {} });
}

function readPricing(reading: RowImport, pricing: Fields): void {
  const currency = textOf(pricing['currency']) ?? 'USD';
  if (currency !== 'USD') return reading.problem(`the currency is ${currency.slice(0, 10)}`);
  for (const [key, value] of Object.entries(pricing)) {
    if (key === 'pay_as_you_go') readUnits(reading, { group: key, units: value, when: {} });
    else if (key === 'batch_config') readUnits(reading, { group: key, units: value, when: { batch: true } });
    else if (key !== 'currency') reading.ignore(key, /_(config|cost)$/.test(key) ? 'not rated' : 'unknown');
  }
}

interface UnitGroup {
  readonly group: string;
  readonly units: unknown;
  readonly when: PriceCondition;
}

function readUnits(reading: RowImport, { group, units, when }: UnitGroup): void {
  // Some files say null where a price is not known.
  if (units === null) return;
  if (!isRecord(units)) return reading.problem(`${group} is no object`);
  for (const [key, unit] of Object.entries(units)) {
    const bucket = Object.hasOwn(bucketOfKey, key) ? bucketOfKey[key] : undefined;
    if (bucket) readUnit(reading, { key: `${group}.${key}`, unit, bucket }, when);
    else if (key === 'additional_units' && isRecord(unit)) {
      for (const [name, extra] of Object.entries(unit)) {
        const extraBucket = Object.hasOwn(additionalUnits, name) ? additionalUnits[name] : undefined;
        if (extraBucket) readUnit(reading, { key: `${group}.${name}`, unit: extra, bucket: extraBucket }, when);
        else reading.ignore(`${group}.additional_units.${name}`, 'not rated');
      }
    } else reading.ignore(`${group}.${key}`, 'not rated');
  }
}

function readUnit(
  reading: RowImport,
  { key, unit, bucket }: { key: string; unit: unknown; bucket: UsageBucket },
  when: PriceCondition,
): void {
  if (isRecord(unit) && unit['price'] !== undefined) {
    if (unit['price'] !== null) reading.price(bucket, { key, value: unit['price'] }, { when });
  } else reading.problem(`${key} has no price`);
}
