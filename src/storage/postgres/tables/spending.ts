/** One limit of money; a wallet is one whose limit moves with its grants. */
export interface BudgetTable {
  id: string;
  scope: 'token' | 'key' | 'endUser' | 'job' | 'project' | 'customer' | 'wallet' | 'organisation';
  /** `*`: each one of the scope has its own counter. */
  name: string;
  customer_id: string | null;
  period: 'day' | 'week' | 'month' | 'lifetime';
  limit_nanos: bigint;
  is_hard: boolean;
  time_zone: string | null;
  /** Exchanges that started earlier do not count. */
  counted_from_ms: bigint;
  source: 'api' | 'yaml';
  status: 'active' | 'archived';
  created_at_ms: bigint;
  updated_at_ms: bigint;
}

/** What one subject has spent of a budget in one period, and what gateways own of the rest. */
export interface SpendingCounterTable {
  budget_id: string;
  /** Empty for budgets of one name; else whose counter it is. */
  subject: string;
  period_start_ms: bigint;
  spent_nanos: bigint;
  /** Σ over its leases of granted − settled. */
  leased_nanos: bigint;
}

/** A gateway's share of a counter, as totals that only grow while it runs (returns excepted). */
export interface BudgetLeaseTable {
  budget_id: string;
  subject: string;
  period_start_ms: bigint;
  gateway_id: string;
  epoch: bigint;
  granted_nanos: bigint;
  /** Of the granted: what the projector has moved to `spent`. */
  settled_nanos: bigint;
}

/** A run of a gateway process. Its leases are valid while it beats; a later epoch fences it. */
export interface GatewayTable {
  gateway_id: string;
  epoch: bigint;
  started_at_ms: bigint;
  /** By the clock of the database. */
  beat_at_ms: bigint;
  expires_at_ms: bigint;
  /** In doubt: it does not beat, but its journal may hold charges. Stopped: these are projected, its leases are void. */
  status: 'live' | 'in_doubt' | 'stopped';
}

/** Requests, tokens and concurrency of one scope. */
export interface RateLimitTable {
  id: string;
  scope: 'key' | 'endUser' | 'job' | 'project' | 'customer' | 'organisation';
  /** `*`: each one of the scope is limited by itself. */
  name: string;
  customer_id: string | null;
  requests_per_minute: number | null;
  tokens_per_minute: bigint | null;
  concurrent: number | null;
  source: 'api' | 'yaml';
  created_at_ms: bigint;
  updated_at_ms: bigint;
}

/** A customer's prepaid balance. */
export interface WalletTable {
  customer_id: string;
  /** How far the customer may owe beyond the balance; 0 blocks at an empty wallet. */
  receivable_limit_nanos: bigint;
  receivable_nanos: bigint;
  /** Ask the payment port for more below this. */
  top_up_below_nanos: bigint | null;
  top_up_nanos: bigint | null;
  created_at_ms: bigint;
  updated_at_ms: bigint;
}

/** An amount put into a wallet. */
export interface WalletGrantTable {
  id: string;
  customer_id: string;
  kind: 'prepaid' | 'promo';
  amount_nanos: bigint;
  remaining_nanos: bigint;
  /** Lower burns first. */
  priority: number;
  effective_at_ms: bigint;
  expires_at_ms: bigint | null;
  /** It counts towards the wallet's limit. */
  is_counted: boolean;
  /** When its rest was written off. */
  expired_at_ms: bigint | null;
  /** Putting the same amount in twice puts it in once. */
  operation_key: string;
  created_at_ms: bigint;
}

/** Tables of limits and balances. */
export interface SpendingTables {
  budget: BudgetTable;
  spending_counter: SpendingCounterTable;
  budget_lease: BudgetLeaseTable;
  gateway: GatewayTable;
  rate_limit: RateLimitTable;
  wallet: WalletTable;
  wallet_grant: WalletGrantTable;
}
