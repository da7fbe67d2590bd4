/** What one rate limit allows over all gateways together; absent figures do not limit. */
export interface SharedMeter {
  /** Names the limit and whom it limits; the same at every gateway. */
  readonly id: string;
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly concurrent?: number | undefined;
}

/** Which limit is reached, and when it is worth trying again. */
export interface SharedRefusal {
  readonly kind: 'refused';
  /** Place of the meter among those that were asked for. */
  readonly meter: number;
  readonly limit: 'requests' | 'tokens' | 'concurrent';
  readonly waitMs: number;
}

/** Answer of the store; `away` is no answer: each gateway then keeps to its share. */
export type SharedAnswer = { readonly kind: 'taken' } | SharedRefusal | { readonly kind: 'away' };

/** What an exchange has taken of shared limits. */
export interface SharedUse {
  readonly exchangeId: string;
  readonly meters: readonly SharedMeter[];
  readonly tokens: number;
}

/**
 * Rate limits that all gateways count together, strictly and not by shares. A place in every limit is taken at once, or
 * none is.
 */
export interface SharedRates {
  take(use: SharedUse): Promise<SharedAnswer>;
  /** The exchange is over, or was refused by another limit: then it counts as if it had never asked. */
  giveBack(use: SharedUse, end: { readonly usedTokens: number; readonly isUndone: boolean }): void;
  close(): Promise<void>;
}
