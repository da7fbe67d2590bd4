import type { PriceCondition, PriceRule, PriceTerms } from '../../domain/rating/price.ts';
import { parseScaled } from '../../domain/money/money.ts';
import { isUsageBucket } from './usage-bucket.ts';

/** USD per million units by bucket, as decimal texts. */
export interface StoredBuckets {
  readonly [bucket: string]: string;
}

/** A price as the shipped catalog stores it. */
export interface StoredPrice {
  /** ISO date from which it holds; absent: since ever. */
  readonly from?: string;
  readonly usd: StoredBuckets;
  readonly rules?: readonly { readonly when: PriceCondition; readonly usd: StoredBuckets }[];
  /** USD per call. */
  readonly call?: string;
  /** Parts per million. */
  readonly batch?: string;
  readonly regions?: { readonly [region: string]: string };
}

/** How sure the shipped price is: sources agree, there is only one, or they differ and `differing` says how. */
export type PriceState = 'agreed' | 'single' | 'disputed';

/** One model at one host, in one line of the shipped catalog. Absent is unknown. */
export interface StoredRow {
  readonly model: string;
  readonly name?: string;
  /** Absent: chat. */
  readonly kind?: string;
  /** The same weights at any host: `anthropic/claude-…`. */
  readonly base?: string;
  /** The host's model that this moving name points at; `?` when no catalog says which. */
  readonly alias?: string;
  readonly context?: number;
  readonly output?: number;
  /** Names of capabilities, separated by spaces. */
  readonly can?: string;
  readonly cannot?: string;
  readonly released?: string;
  readonly retires?: string;
  readonly deprecated?: true;
  /** Catalogs that have the row, one letter each. */
  readonly sources: string;
  readonly prices?: readonly StoredPrice[];
  /** Catalogs that say the price that was taken. */
  readonly pricedBy?: string;
  /** What other catalogs say of the figures in which they differ. */
  readonly differing?: { readonly [source: string]: { readonly [figure: string]: string | null } };
}

/** A catalog that rows come from, and the date of its state. */
export interface CatalogOrigin {
  readonly source: string;
  readonly date: string;
}

/** Reads a stored price exactly. */
export function readStoredPrice(stored: StoredPrice): PriceTerms {
  const rules = stored.rules?.map(({ when, usd }): PriceRule => ({ when, picosPerUnit: readBuckets(usd) }));
  const picosPerCall = stored.call === undefined ? undefined : scaled(stored.call, 12);
  const regions = Object.entries(stored.regions ?? {}).map(([region, ppm]) => [region, BigInt(ppm)] as const);
  return {
    picosPerUnit: readBuckets(stored.usd),
    ...(picosPerCall !== undefined && { picosPerCall }),
    ...(rules && { rules }),
    ...(stored.batch !== undefined && { batchRatioPpm: BigInt(stored.batch) }),
    ...(regions.length > 0 && { regionRatioPpm: Object.fromEntries(regions) }),
  };
}

function readBuckets(usd: StoredBuckets): PriceTerms['picosPerUnit'] {
  const picos: Record<string, bigint> = {};
  for (const [bucket, text] of Object.entries(usd)) {
    const value = scaled(text, 6);
    if (isUsageBucket(bucket) && value !== undefined) picos[bucket] = value;
  }
  return picos;
}

function scaled(text: string, digits: number): bigint | undefined {
  return parseScaled(text, digits)?.value;
}
