import { createHash } from 'node:crypto';
import { parsePricePerMillion } from '../domain/money.ts';
import type { Price } from '../domain/price.ts';
import { type UsageBucket, usageBuckets } from '../domain/usage.ts';

/** Prices as configured: USD per million units, as source text, by bucket. */
export type PriceTexts = { readonly [Bucket in UsageBucket]?: string | undefined };

/** Makes a price from its source texts. The version id is a digest of its content: equal prices, equal ids. */
export function priceFromTexts(texts: PriceTexts | undefined): Price | undefined {
  if (!texts) return undefined;
  const picosPerUnit: { [Bucket in UsageBucket]?: bigint } = {};
  const digest = createHash('sha256');
  for (const bucket of usageBuckets) {
    const text = texts[bucket];
    const parsed = text === undefined ? undefined : parsePricePerMillion(text);
    if (!parsed) continue;
    picosPerUnit[bucket] = parsed.picosPerToken;
    digest.update(`${bucket}=${parsed.picosPerToken};`);
  }
  return { versionId: `config_${digest.digest('hex').slice(0, 16)}`, picosPerUnit };
}
