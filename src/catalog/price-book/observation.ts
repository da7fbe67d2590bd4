import type { PriceTerms } from '../../domain/rating/price.ts';

/** A catalog says what an endpoint costs. Repeating an unchanged price is welcome: it affirms it. */
export interface QuoteObservation {
  readonly kind: 'quote';
  /** Name of the catalog: `litellm`, `models.dev`, `openrouter` … Two feeds of one catalog are one source. */
  readonly source: string;
  /** `<host>/<upstream model>`, the canonical id under which sources are compared. */
  readonly endpointId: string;
  /** The catalog's date of this state: of its commit, or of the poll. Never the provider's own date. */
  readonly atMs: number;
  readonly terms: PriceTerms;
  /** Some figure had digits below one pico and was snapped to the nearest. */
  readonly inexact?: boolean;
  /** The price as the catalog writes it, kept for people. */
  readonly sourceText: string;
  /** Commit or digest of the fetched document. */
  readonly sourceHash?: string;
}

/** A catalog carries the endpoint without a fixed price (OpenRouter's `-1`): it is not rateable by catalog. */
export interface DynamicObservation {
  readonly kind: 'dynamic';
  readonly source: string;
  readonly endpointId: string;
  readonly atMs: number;
  readonly sourceText: string;
  readonly sourceHash?: string;
}

/** A catalog no longer carries an endpoint that it carried before. */
export interface RemovalObservation {
  readonly kind: 'removed';
  readonly source: string;
  readonly endpointId: string;
  readonly atMs: number;
  readonly sourceHash?: string;
}

/** A catalog says which model a moving name (`-latest`, `auto`) stands for. An alias is never a price key. */
export interface AliasObservation {
  readonly kind: 'alias';
  readonly source: string;
  /** `<host>/<alias>`. */
  readonly aliasId: string;
  /** `<host>/<upstream model>` that the alias points at. */
  readonly endpointId: string;
  readonly atMs: number;
  readonly sourceHash?: string;
}

/**
 * What importers yield and the price book is fed with, in order of `atMs`. The book is a function of the sequence of
 * its observations alone: feeding a recorded history twice gives the same versions, ids and alerts.
 */
export type Observation = QuoteObservation | DynamicObservation | RemovalObservation | AliasObservation;
