import type { Migration } from './migration.ts';

/** Limits and balances: budgets, counters, leases, gateways, wallets. */
export const migration: Migration = {
  number: 4,
  name: 'spending',
  sql: `
CREATE TABLE budget (
  id text PRIMARY KEY,
  scope text NOT NULL
    CHECK (scope IN ('token', 'key', 'endUser', 'job', 'project', 'customer', 'wallet', 'organisation')),
  name text NOT NULL,
  customer_id text,
  period text NOT NULL CHECK (period IN ('day', 'week', 'month', 'lifetime')),
  limit_nanos bigint NOT NULL,
  is_hard boolean NOT NULL,
  time_zone text,
  counted_from_ms bigint NOT NULL,
  source text NOT NULL CHECK (source IN ('api', 'yaml')),
  status text NOT NULL CHECK (status IN ('active', 'archived')),
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);
CREATE INDEX budget_active ON budget (scope, name) WHERE status = 'active';

CREATE TABLE spending_counter (
  budget_id text NOT NULL REFERENCES budget (id),
  subject text NOT NULL,
  period_start_ms bigint NOT NULL,
  spent_nanos bigint NOT NULL DEFAULT 0,
  leased_nanos bigint NOT NULL DEFAULT 0 CHECK (leased_nanos >= 0),
  PRIMARY KEY (budget_id, subject, period_start_ms)
) WITH (fillfactor = 70);

CREATE TABLE gateway (
  gateway_id text NOT NULL,
  epoch bigint NOT NULL,
  started_at_ms bigint NOT NULL,
  beat_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('live', 'in_doubt', 'stopped')),
  PRIMARY KEY (gateway_id, epoch)
) WITH (fillfactor = 70);
CREATE INDEX gateway_live ON gateway (expires_at_ms) WHERE status = 'live';

CREATE TABLE budget_lease (
  budget_id text NOT NULL,
  subject text NOT NULL,
  period_start_ms bigint NOT NULL,
  gateway_id text NOT NULL,
  epoch bigint NOT NULL,
  granted_nanos bigint NOT NULL,
  settled_nanos bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (gateway_id, epoch, budget_id, subject, period_start_ms),
  FOREIGN KEY (budget_id, subject, period_start_ms)
    REFERENCES spending_counter (budget_id, subject, period_start_ms),
  FOREIGN KEY (gateway_id, epoch) REFERENCES gateway (gateway_id, epoch),
  CHECK (settled_nanos <= granted_nanos)
) WITH (fillfactor = 70);
CREATE INDEX budget_lease_by_counter ON budget_lease (budget_id, subject, period_start_ms);

CREATE TABLE rate_limit (
  id text PRIMARY KEY,
  scope text NOT NULL CHECK (scope IN ('key', 'endUser', 'job', 'project', 'customer', 'organisation')),
  name text NOT NULL,
  customer_id text,
  requests_per_minute integer CHECK (requests_per_minute > 0),
  tokens_per_minute bigint CHECK (tokens_per_minute > 0),
  concurrent integer CHECK (concurrent > 0),
  source text NOT NULL CHECK (source IN ('api', 'yaml')),
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);

CREATE TABLE wallet (
  customer_id text PRIMARY KEY REFERENCES customer (id),
  receivable_limit_nanos bigint NOT NULL DEFAULT 0 CHECK (receivable_limit_nanos >= 0),
  receivable_nanos bigint NOT NULL DEFAULT 0,
  top_up_below_nanos bigint,
  top_up_nanos bigint,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);

CREATE TABLE wallet_grant (
  id text PRIMARY KEY,
  customer_id text NOT NULL REFERENCES wallet (customer_id),
  kind text NOT NULL CHECK (kind IN ('prepaid', 'promo')),
  amount_nanos bigint NOT NULL CHECK (amount_nanos > 0),
  remaining_nanos bigint NOT NULL CHECK (remaining_nanos BETWEEN 0 AND amount_nanos),
  priority integer NOT NULL,
  effective_at_ms bigint NOT NULL,
  expires_at_ms bigint CHECK (expires_at_ms > effective_at_ms),
  is_counted boolean NOT NULL,
  expired_at_ms bigint,
  operation_key text NOT NULL UNIQUE,
  created_at_ms bigint NOT NULL
);
CREATE INDEX wallet_grant_by_customer ON wallet_grant (customer_id, created_at_ms);
`,
};
