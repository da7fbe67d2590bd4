import type { Quote } from './quote.ts';

/** When the price book believes catalogs. */
export interface BookPolicy {
  /** A move that is taken back within this time was a typing error. */
  readonly lastingMs: number;
  /** A catalog not seen for this long no longer contradicts others. */
  readonly staleMs: number;
  /** Largest relative move that is accepted from one source alone once it has lasted; undefined: none is. */
  readonly autoCapPpm: bigint | undefined;
}

const hourMs = 3_600_000;

/** Nothing that only one source has seen moves a price. */
export const defaultBookPolicy: BookPolicy = {
  lastingMs: 48 * hourMs,
  staleMs: 7 * 24 * hourMs,
  autoCapPpm: undefined,
};

/** How far the catalogs agree on the price of an endpoint. */
export type EndpointState =
  | { readonly kind: 'unknown' | 'dynamic' | 'deprecated' | 'single' | 'manual' }
  | { readonly kind: 'agreed'; readonly sources: number }
  /** A move that one source has seen: shown, not used. */
  | { readonly kind: 'provisional'; readonly quotes: readonly Quote[] }
  /** Catalogs say different things; the last price that was accepted stays in use. */
  | { readonly kind: 'disputed'; readonly quotes: readonly Quote[] };
