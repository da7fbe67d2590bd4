import type { PriceVersion } from './price-version.ts';

/** One figure of a price that moved: pico-USD or parts per million; null is absent. */
export interface FigureMove {
  readonly figure: string;
  readonly from: bigint | null;
  readonly to: bigint | null;
}

/** What an operator is told. `page`: act now; `notice`: shown, nobody is woken. */
export interface PriceAlert {
  readonly id: string;
  readonly kind: 'price_changed' | 'price_disputed' | 'alias_moved' | 'route_removed' | 'margin_below_floor';
  readonly severity: 'notice' | 'page';
  /** The endpoint, or the alias that moved. */
  readonly endpointId: string;
  readonly raisedAtMs: number;
  /** When the first catalog said so. */
  readonly seenAtMs: number;
  readonly sources: readonly string[];
  readonly moves: readonly FigureMove[];
  readonly message: string;
}

/** What the price book did on an observation or as time went by; the repository records it, others act on it. */
export type BookEvent =
  | { readonly type: 'version_opened'; readonly version: PriceVersion }
  | { readonly type: 'version_closed'; readonly version: PriceVersion }
  | { readonly type: 'alert_raised'; readonly alert: PriceAlert }
  /** A notice became worth paging: a second source says the same. The alert is the same one. */
  | {
      readonly type: 'alert_paged';
      readonly alertId: string;
      readonly endpointId: string;
      readonly atMs: number;
      readonly sources: readonly string[];
    }
  | {
      readonly type: 'alias_moved';
      readonly aliasId: string;
      readonly endpointId: string;
      readonly previousId: string | undefined;
      readonly source: string;
      readonly atMs: number;
    };
