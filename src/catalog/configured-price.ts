import { createHash } from 'node:crypto';
import type { ModelConfig } from '../config/index.ts';
import { bigintAsText } from '../domain/json/bigint-as-text.ts';
import { parsePricePerMillion, parseRatioAsPpm, parseUnitPrice } from '../domain/money/money.ts';
import type { BucketPrices, Price, PriceCondition, PriceRule, PriceTerms } from '../domain/rating/price.ts';
import { type UsageBucket, usageBuckets } from '../domain/rating/usage.ts';

/** Prices as source texts, USD per million units, by bucket. */
export type BucketTexts = { readonly [Bucket in UsageBucket]?: string | undefined };

type ConfiguredPrice = NonNullable<ModelConfig['endpoints'][number]['price']>;

/** A price as configured: texts by bucket, and what changes them. */
export type PriceTexts = BucketTexts & {
  readonly [Setting in Exclude<keyof ConfiguredPrice, UsageBucket>]?: ConfiguredPrice[Setting];
};

/** Makes a price from its source texts. The version id is a digest of its content: equal prices, equal ids. */
export function priceFromTexts(texts: PriceTexts | undefined): Price | undefined {
  if (!texts) return undefined;
  const terms = termsFromTexts(texts);
  const { picosPerUnit, ...more } = terms;
  const digest = createHash('sha256');
  for (const bucket of usageBuckets) {
    const picos = picosPerUnit[bucket];
    if (picos !== undefined) digest.update(`${bucket}=${picos};`);
  }
  if (Object.keys(more).length > 0) digest.update(JSON.stringify(more, bigintAsText));
  return { ...terms, versionId: `config_${digest.digest('hex').slice(0, 16)}` };
}

/** The same without a version. */
export function termsFromTexts(texts: PriceTexts): PriceTerms {
  const { rules, mode, call, batch, regions } = texts;
  const picosPerCall = call === undefined ? undefined : parseUnitPrice(call, 'usdPerUnit');
  const batchRatioPpm = batch === undefined ? undefined : parseRatioAsPpm(batch);
  return {
    picosPerUnit: bucketPricesOf(texts),
    ...(typeof picosPerCall === 'object' && { picosPerCall: picosPerCall.picosPerUnit }),
    ...(rules && rules.length > 0 && { rules: rules.map(ruleOf) }),
    ...(mode && { tierMode: mode }),
    ...(batchRatioPpm !== undefined && { batchRatioPpm }),
    ...(regions && { regionRatioPpm: ratiosOf(regions) }),
  };
}

function bucketPricesOf(texts: BucketTexts): BucketPrices {
  const picosPerUnit: { [Bucket in UsageBucket]?: bigint } = {};
  for (const bucket of usageBuckets) {
    const text = texts[bucket];
    const parsed = text === undefined ? undefined : parsePricePerMillion(text);
    if (parsed) picosPerUnit[bucket] = parsed.picosPerToken;
  }
  return picosPerUnit;
}

function ruleOf(rule: NonNullable<ConfiguredPrice['rules']>[number]): PriceRule {
  const { overInput, serviceTier, batch, region, from, to } = rule;
  const when: PriceCondition = {
    ...(overInput !== undefined && { minTotalInputGt: Number.parseInt(overInput, 10) }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(batch !== undefined && { batch: batch === 'true' }),
    ...(region !== undefined && { region }),
    ...(from !== undefined && to !== undefined && { utcStartMs: timeOfDayMs(from), utcEndMs: timeOfDayMs(to) }),
  };
  return { when, picosPerUnit: bucketPricesOf(rule) };
}

function ratiosOf(regions: { readonly [region: string]: string }): { readonly [region: string]: bigint } {
  return Object.fromEntries(
    Object.entries(regions).flatMap(([region, text]) => {
      const ppm = parseRatioAsPpm(text);
      return ppm === undefined ? [] : [[region, ppm]];
    }),
  );
}

function timeOfDayMs(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':');
  return (Number.parseInt(hours, 10) * 60 + Number.parseInt(minutes, 10)) * 60_000;
}
