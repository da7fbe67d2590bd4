import type { Price } from '../../../domain/rating/price.ts';

/** A price from an instant on; undefined `fromMs`: since ever, as far as anybody knows. */
export interface OfferVersion {
  readonly fromMs: number | undefined;
  /** Undefined: from here on the price is not known or the offer is withdrawn. */
  readonly price: Price | undefined;
}

/** A model at a host with its prices through time, oldest first. */
export interface Offer {
  readonly host: string;
  readonly model: string;
  readonly versions: readonly OfferVersion[];
  /** Offers with the same value serve the same weights. */
  readonly baseModel?: string | undefined;
  readonly contextTokens?: number | undefined;
}

/** How sure it is that an offer is the one that a log means. */
export type MatchKind = 'exact' | 'undated' | 'maker';

/** The offer behind a model name of a log. */
export interface OfferMatch {
  readonly offer: Offer;
  /** `undated`: found without the date or region in its name. `maker`: no host was named, the maker's is taken. */
  readonly kind: MatchKind;
}

/** What an audit asks of a price source. */
export interface AuditPrices {
  find(hostName: string | undefined, modelName: string): OfferMatch | undefined;
  /** The same weights at other hosts. */
  elsewhere(offer: Offer): readonly Offer[];
}

/** Index of the version in force; the earliest one stands in for what came before it, and says so. */
export function versionIndexAt(offer: Offer, atMs: number): { readonly index: number; readonly isEarly: boolean } {
  const { versions } = offer;
  for (let index = versions.length - 1; index >= 0; index--) {
    const fromMs = versions[index]?.fromMs;
    if (fromMs === undefined || fromMs <= atMs) return { index, isEarly: false };
  }
  return { index: 0, isEarly: true };
}
