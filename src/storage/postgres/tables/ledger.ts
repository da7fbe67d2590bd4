import type { ColumnType, Generated } from 'kysely';

/** jsonb: written as JSON text, read as its value. */
type Json = ColumnType<unknown, string, string>;

/** One account of the books; an owner is a customer, a host, or empty for the organisation. */
export interface LedgerAccountTable {
  id: Generated<bigint>;
  kind: string;
  owner: string;
}

/** Entries that belong together and sum to zero; never changed. */
export interface LedgerTxnTable {
  id: Generated<bigint>;
  kind: string;
  /** Posting the same operation twice posts it once. */
  op_key: string;
  /** Tells a repetition from another operation under the same key. */
  digest: string;
  /** Where it comes from: `gateway/segment:from..segment:to`, an invoice, a payment. */
  source_ref: string;
  customer: string;
  host: string;
  /** When it counts, which decides the period. */
  booked_at_ms: bigint;
  currency: Generated<string>;
  reverses_txn_id: bigint | null;
  memo: Generated<string>;
}

/** One amount on one account: debits positive, credits negative. */
export interface LedgerEntryTable {
  id: Generated<bigint>;
  txn_id: bigint;
  account_id: bigint;
  amount_nanos: bigint;
  grant_id: string | null;
  /** The entry that this one takes back, wholly or in part. */
  mirrors_entry_id: bigint | null;
}

/** How far a projection has come in a gateway's journal. */
export interface WatermarkTable {
  gateway_id: string;
  projector: string;
  /** Rises with each projector that takes over; the one before is fenced. */
  epoch: bigint;
  segment: bigint;
  byte_offset: bigint;
  /** Exchanges that began before are forgotten by exchange_recent. */
  horizon_ms: bigint;
  facts: bigint;
  repeated: bigint;
}

/** An exchange that is not settled yet. */
export interface OpenExchangeTable {
  request_id: string;
  gateway_id: string;
  facts: Json;
}

/** A fact that could not be booked, kept whole until somebody decides. */
export interface QuarantineTable {
  id: Generated<bigint>;
  gateway_id: string;
  segment: bigint;
  byte_offset: bigint;
  reason: string;
  detail: string;
  request_id: string;
  fact_type: string;
  body: Uint8Array;
  /** Amounts that are missing from ledger and rollups because of it. */
  cost_nanos: bigint;
  charge_nanos: bigint;
  /** Its amounts are in the books since then: a person let it out. */
  released_at_ms: Generated<bigint | null>;
  released_by: Generated<string | null>;
  release_reason: Generated<string | null>;
}

/** A booked exchange of which an amount is in quarantine, with all its facts. */
export interface HeldExchangeTable {
  request_id: string;
  gateway_id: string;
  pending: ColumnType<unknown, string, string>;
}

/** First figures of an attempt whose usage was estimated. */
export interface EstimatedAttemptTable {
  request_id: string;
  attempt: number;
  gateway_id: string;
  started_at_ms: bigint;
  dimensions: Json;
  /** The newest figures: corrections move them. */
  cost_nanos: bigint;
  charge_nanos: bigint;
  units: Json;
  is_corrected: Generated<boolean>;
}

/** A later figure for an estimated attempt. */
export interface CorrectionTable {
  correction_id: string;
  gateway_id: string;
  segment: bigint;
  byte_offset: bigint;
  request_id: string;
  attempt: number;
  at_ms: bigint;
  digest: bigint;
  fact: Json;
  /** It waits when it was read before the attempt it corrects. */
  state: 'waiting' | 'applied';
  cost_delta_nanos: bigint;
  charge_delta_nanos: bigint;
}

/** A free label that usage is kept under by its own name. */
export interface UsageLabelTable {
  day_ms: bigint;
  gateway_id: string;
  customer: string;
  kind: string;
  label: string;
}

/** What checkSums has added up of a journal. */
export interface JournalSumTable {
  gateway_id: string;
  segment: bigint;
  byte_offset: bigint;
  cost_nanos: bigint;
  charge_nanos: bigint;
  facts: bigint;
  open: Json;
}

/** Sums of use: units are those delivered to the customer, or in host tables those the host counted. */
export interface UseColumns {
  requests: bigint;
  failed: bigint;
  aborted: bigint;
  cache_hits: bigint;
  attempts: bigint;
  /** Requests whose cost or charge is unknown; the amounts exclude them. */
  unpriced: bigint;
  estimated: bigint;
  over_hold: bigint;
  input: bigint;
  cache_read: bigint;
  cache_write_5m: bigint;
  cache_write_1h: bigint;
  output: bigint;
  reasoning: bigint;
  audio_in: bigint;
  audio_out: bigint;
  image_in: bigint;
  image_out: bigint;
  video_in: bigint;
  counted_requests: bigint;
  compute_ms: bigint;
  cost_nanos: bigint;
  charge_nanos: bigint;
  saved_nanos: bigint;
  /** Part of the cost that nobody is charged for. */
  absorbed_nanos: bigint;
  /** Part of the cost that failed tries took. */
  waste_nanos: bigint;
  estimated_cost_nanos: bigint;
  estimated_charge_nanos: bigint;
}

/** Dimensions of usage; empty text is none. */
export interface UsageDimensions {
  customer: string;
  key_name: string;
  job: string;
  model: string;
  host: string;
  feature: string;
  project: string;
}

/** Usage in slots of 15 minutes, since the midnights of all time zones fall on one. */
export interface UsageSlotTable extends UsageDimensions, UseColumns {
  slot_ms: bigint;
}

/** The same by day of UTC. */
export interface UsageDayTable extends UsageDimensions, UseColumns {
  day_ms: bigint;
}

/** What hosts did, by the hour in which an attempt started: what their bills are compared with. */
export interface HostUsageHourTable extends UseColumns {
  customer: string;
  hour_ms: bigint;
  host: string;
  upstream_model: string;
  model: string;
  key_name: string;
  price_version: string;
  contract_version: string;
}

/** Usage of a customer's end users by day of UTC. */
export interface EndUserDayTable extends UseColumns {
  customer: string;
  day_ms: bigint;
  end_user: string;
  job: string;
}

/** How fast and how well a model on a host worked for a job; histograms are packed cells. */
export interface PerformanceTable {
  at_ms: bigint;
  job: string;
  model: string;
  host: string;
  attempts: bigint;
  failed: bigint;
  timeouts: bigint;
  cost_nanos: bigint;
  latency: bigint[];
  first_token: bigint[];
  output_rate: bigint[];
}

/** One settled exchange. */
export interface ExchangeRecentTable {
  /** Day of the request's id, which is the same however often and late the request is told. */
  day_ms: bigint;
  request_id: string;
  gateway_id: string;
  segment: bigint;
  byte_offset: bigint;
  started_at_ms: bigint;
  ended_at_ms: bigint;
  customer: string;
  key_name: string;
  job: string;
  model: string;
  host: string;
  upstream_model: string;
  end_user: string;
  feature: string;
  project: string;
  status: string;
  http_status: number;
  fault: string;
  cache: string;
  attempts: number;
  input_units: bigint;
  output_units: bigint;
  /** null is unknown. */
  cost_nanos: bigint | null;
  charge_nanos: bigint | null;
  saved_nanos: bigint;
  absorbed_nanos: bigint;
  is_estimated: boolean;
  plan_version: string;
  first_byte_ms: number | null;
  total_ms: number;
  digest: bigint;
  attempt_digests: bigint[];
}

/** Books and projections. */
export interface LedgerTables {
  ledger_account: LedgerAccountTable;
  ledger_txn: LedgerTxnTable;
  ledger_entry: LedgerEntryTable;
  watermark: WatermarkTable;
  open_exchange: OpenExchangeTable;
  quarantine: QuarantineTable;
  held_exchange: HeldExchangeTable;
  estimated_attempt: EstimatedAttemptTable;
  correction: CorrectionTable;
  usage_label: UsageLabelTable;
  journal_sum: JournalSumTable;
  usage_slot: UsageSlotTable;
  usage_day: UsageDayTable;
  host_usage_hour: HostUsageHourTable;
  end_user_day: EndUserDayTable;
  performance_minute: PerformanceTable;
  performance_hour: PerformanceTable;
  performance_day: PerformanceTable;
  exchange_recent: ExchangeRecentTable;
}
