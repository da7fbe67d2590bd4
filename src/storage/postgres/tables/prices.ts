import type { ColumnType, Generated } from 'kysely';

/** jsonb: written as JSON text, read as its value. */
type Json = ColumnType<unknown, string, string>;

/** A price of one endpoint from one instant to another; only its end is ever set, once. */
export interface PriceVersionTable {
  id: string;
  endpoint_id: string;
  currency: Generated<string>;
  valid_from_ms: bigint;
  /** null while in force. */
  valid_to_ms: bigint | null;
  status: string;
  accepted_by: string;
  /** The catalog's own date of the price. */
  seen_at_ms: bigint;
  sources: Json;
  source_text: string;
  source_hash: string | null;
  is_inexact: boolean;
  terms: Json;
  /** Keeps versions that begin at one instant in their order. */
  position: number;
}

/** What catalogs say of an endpoint now, and what operators were told: all the price book needs after a restart. */
export interface PriceEndpointTable {
  endpoint_id: string;
  state: string;
  memory: Json;
  /** Grows with each change, so that replicas read only what is new. */
  revision: Generated<bigint>;
}

/** A moving name with all it ever stood for. */
export interface PriceAliasTable {
  alias_id: string;
  memory: Json;
  revision: Generated<bigint>;
}

/** What operators are told about prices, once each. */
export interface PriceAlertTable {
  id: string;
  kind: string;
  severity: string;
  endpoint_id: string;
  raised_at_ms: bigint;
  /** When it became worth waking somebody; null for a notice. */
  paged_at_ms: bigint | null;
  seen_at_ms: bigint;
  sources: Json;
  moves: Json;
  message: string;
  acknowledged_at_ms: bigint | null;
  acknowledged_by: string | null;
}

/** Every price and contract from the configuration that may have rated a request: facts name them by id. */
export interface RatingVersionTable {
  id: string;
  kind: 'price' | 'contract';
  body: Json;
}

/** Prices through time. */
export interface PriceTables {
  price_version: PriceVersionTable;
  price_endpoint: PriceEndpointTable;
  price_alias: PriceAliasTable;
  price_alert: PriceAlertTable;
  rating_version: RatingVersionTable;
}
