import type { PageQuery } from './tenant-types.ts';

/** A price that moved, a moved name or a removed route. */
export interface PriceAlert {
  readonly id: string;
  readonly kind: string;
  readonly severity: 'notice' | 'page';
  readonly endpointId: string;
  readonly raisedAtMs: number;
  readonly acknowledgedAtMs?: number;
  readonly acknowledgedBy?: string;
  readonly sources: readonly string[];
  readonly message: string;
}

/** Which prices to list. */
export interface PriceQuery extends PageQuery {
  readonly host?: string | undefined;
  readonly contains?: string | undefined;
  readonly state?: string | undefined;
  readonly at?: number | string | undefined;
}

/** What an endpoint costs, who says so and who says otherwise. */
export interface EndpointPrice {
  readonly endpoint: string;
  readonly state: string;
  readonly versionId: string | null;
  /** USD per million units. */
  readonly figures: { readonly [figure: string]: string };
  readonly sources: readonly { readonly source: string; readonly date: string }[];
  readonly differing: readonly {
    readonly source: string;
    readonly figures: { readonly [figure: string]: string | null };
  }[];
}

/** One period of an endpoint's price. */
export interface PricePeriod {
  readonly versionId: string;
  readonly validFromMs: number;
  readonly validToMs: number | null;
  readonly seenAtMs: number;
  readonly status: string;
  readonly sources: readonly string[];
  readonly acceptedBy: string;
  readonly figures: { readonly [figure: string]: string };
  readonly changed: readonly { readonly figure: string; readonly from: string | null; readonly to: string | null }[];
}

/** A catalog that is polled, and how it fared. */
export interface PriceSourceState {
  readonly url: string;
  readonly lastGoodAtMs: number | null;
  readonly endpoints: number;
  readonly problem: string | null;
}

/** What a change did to the price of an endpoint. */
export interface PriceChange {
  readonly endpoint: string;
  readonly versionId: string | null;
  readonly versionsOpened: number;
  readonly versionsClosed: number;
}

/** A catalog, or a history of price changes, to take in. */
export interface PriceImportInput {
  readonly content: string;
  readonly format?: string | undefined;
  readonly provider?: string | undefined;
  readonly stateAtMs?: number | undefined;
}

/** What an import read and did. */
export interface PriceImportResult {
  readonly source: string;
  readonly kind: 'catalog' | 'history';
  readonly rows: number;
  readonly observations: number;
  readonly otherHosts: number;
  readonly problemCount: number;
  readonly problems: readonly { readonly row: string; readonly message: string }[];
  readonly versionsOpened: number;
  readonly versionsClosed: number;
  readonly notices: number;
  readonly pages: number;
}
