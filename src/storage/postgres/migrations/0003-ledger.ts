const use = `
  requests bigint NOT NULL, failed bigint NOT NULL, aborted bigint NOT NULL, cache_hits bigint NOT NULL,
  attempts bigint NOT NULL, unpriced bigint NOT NULL, estimated bigint NOT NULL, over_hold bigint NOT NULL,
  input bigint NOT NULL, cache_read bigint NOT NULL, cache_write_5m bigint NOT NULL, cache_write_1h bigint NOT NULL,
  output bigint NOT NULL, reasoning bigint NOT NULL, audio_in bigint NOT NULL, audio_out bigint NOT NULL,
  image_in bigint NOT NULL, image_out bigint NOT NULL, video_in bigint NOT NULL, counted_requests bigint NOT NULL, compute_ms bigint NOT NULL,
  cost_nanos bigint NOT NULL, charge_nanos bigint NOT NULL, saved_nanos bigint NOT NULL,
  absorbed_nanos bigint NOT NULL, waste_nanos bigint NOT NULL,
  estimated_cost_nanos bigint NOT NULL, estimated_charge_nanos bigint NOT NULL`;

const usage = (table: string, time: string): string => `
CREATE TABLE ${table} (
  customer text NOT NULL, ${time} bigint NOT NULL, key_name text NOT NULL, job text NOT NULL, model text NOT NULL,
  host text NOT NULL, feature text NOT NULL, project text NOT NULL,${use},
  PRIMARY KEY (customer, ${time}, key_name, job, model, host, feature, project)
) PARTITION BY RANGE (${time});
CREATE TABLE ${table}_other PARTITION OF ${table} DEFAULT;
`;

const performance = (table: string): string => `
CREATE TABLE ${table} (
  at_ms bigint NOT NULL, job text NOT NULL, model text NOT NULL, host text NOT NULL,
  attempts bigint NOT NULL, failed bigint NOT NULL, timeouts bigint NOT NULL, cost_nanos bigint NOT NULL,
  latency bigint[] NOT NULL, first_token bigint[] NOT NULL, output_rate bigint[] NOT NULL,
  PRIMARY KEY (at_ms, job, model, host)
) PARTITION BY RANGE (at_ms);
CREATE TABLE ${table}_other PARTITION OF ${table} DEFAULT;
`;

const books = `
CREATE TABLE ledger_account (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('prepaid', 'promo', 'receivable', 'accrued', 'cash_clearing', 'revenue', 'cogs',
    'vendor_payable', 'absorbed', 'breakage', 'rounding', 'recon_variance', 'fx', 'tax')),
  owner text NOT NULL,
  UNIQUE (kind, owner)
);

CREATE TABLE ledger_txn (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  op_key text NOT NULL UNIQUE,
  digest text NOT NULL,
  source_ref text NOT NULL,
  customer text NOT NULL,
  host text NOT NULL,
  booked_at_ms bigint NOT NULL,
  currency text NOT NULL DEFAULT 'USD',
  reverses_txn_id bigint REFERENCES ledger_txn (id),
  memo text NOT NULL DEFAULT ''
);
CREATE INDEX ledger_txn_by_customer ON ledger_txn (customer, booked_at_ms);
CREATE INDEX ledger_txn_by_reversed ON ledger_txn (reverses_txn_id) WHERE reverses_txn_id IS NOT NULL;

-- Debits are positive, credits negative.
CREATE TABLE ledger_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  txn_id bigint NOT NULL REFERENCES ledger_txn (id),
  account_id bigint NOT NULL REFERENCES ledger_account (id),
  amount_nanos bigint NOT NULL CHECK (amount_nanos <> 0),
  grant_id text,
  mirrors_entry_id bigint REFERENCES ledger_entry (id)
);
CREATE INDEX ledger_entry_by_txn ON ledger_entry (txn_id);
CREATE INDEX ledger_entry_by_account ON ledger_entry (account_id, id) INCLUDE (amount_nanos);
CREATE INDEX ledger_entry_by_mirrored ON ledger_entry (mirrors_entry_id) WHERE mirrors_entry_id IS NOT NULL;

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_txn
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE FUNCTION ledger_check_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  total numeric;
BEGIN
  SELECT sum(amount_nanos) INTO total FROM ledger_entry WHERE txn_id = NEW.txn_id;
  IF total <> 0 THEN
    RAISE EXCEPTION 'ledger transaction % does not add up: its entries sum to %', NEW.txn_id, total
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON ledger_entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_sum();
`;

const state = `
CREATE TABLE watermark (
  gateway_id text NOT NULL,
  projector text NOT NULL,
  epoch bigint NOT NULL,
  segment bigint NOT NULL,
  byte_offset bigint NOT NULL,
  -- Exchanges that began before are forgotten: whoever tells of one is not believed that it is new.
  horizon_ms bigint NOT NULL,
  facts bigint NOT NULL,
  repeated bigint NOT NULL,
  PRIMARY KEY (gateway_id, projector)
) WITH (fillfactor = 50);

-- Exchanges of which some facts were read and others are still to come.
CREATE TABLE open_exchange (
  request_id text PRIMARY KEY,
  gateway_id text NOT NULL,
  facts jsonb NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX open_exchange_by_gateway ON open_exchange (gateway_id);

CREATE TABLE quarantine (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway_id text NOT NULL,
  segment bigint NOT NULL,
  byte_offset bigint NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  request_id text NOT NULL,
  fact_type text NOT NULL,
  body bytea NOT NULL,
  cost_nanos bigint NOT NULL,
  charge_nanos bigint NOT NULL,
  UNIQUE (gateway_id, segment, byte_offset, reason)
);

-- First figures of attempts whose usage was estimated, until a better one arrives.
CREATE TABLE estimated_attempt (
  request_id text NOT NULL,
  attempt integer NOT NULL,
  gateway_id text NOT NULL,
  started_at_ms bigint NOT NULL,
  dimensions jsonb NOT NULL,
  cost_nanos bigint NOT NULL,
  charge_nanos bigint NOT NULL,
  units jsonb NOT NULL,
  is_corrected boolean NOT NULL DEFAULT false,
  PRIMARY KEY (request_id, attempt)
);

CREATE TABLE correction (
  correction_id text PRIMARY KEY,
  gateway_id text NOT NULL,
  segment bigint NOT NULL,
  byte_offset bigint NOT NULL,
  request_id text NOT NULL,
  attempt integer NOT NULL,
  at_ms bigint NOT NULL,
  digest bigint NOT NULL,
  fact jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'applied')),
  cost_delta_nanos bigint NOT NULL,
  charge_delta_nanos bigint NOT NULL
);
CREATE INDEX correction_by_request ON correction (request_id);

-- Free labels seen per customer and day: beyond a limit the rest is one label.
CREATE TABLE usage_label (
  day_ms bigint NOT NULL,
  gateway_id text NOT NULL,
  customer text NOT NULL,
  kind text NOT NULL,
  label text NOT NULL,
  PRIMARY KEY (day_ms, gateway_id, customer, kind, label)
) PARTITION BY RANGE (day_ms);
CREATE TABLE usage_label_other PARTITION OF usage_label DEFAULT;

-- What checkSums has added up of each journal, by itself and apart from the projector.
CREATE TABLE journal_sum (
  gateway_id text PRIMARY KEY,
  segment bigint NOT NULL,
  byte_offset bigint NOT NULL,
  cost_nanos bigint NOT NULL,
  charge_nanos bigint NOT NULL,
  facts bigint NOT NULL,
  open jsonb NOT NULL
);
`;

const projections = `
CREATE TABLE host_usage_hour (
  customer text NOT NULL, hour_ms bigint NOT NULL, host text NOT NULL, upstream_model text NOT NULL,
  model text NOT NULL, key_name text NOT NULL, price_version text NOT NULL, contract_version text NOT NULL,${use},
  PRIMARY KEY (customer, hour_ms, host, upstream_model, model, key_name, price_version, contract_version)
) PARTITION BY RANGE (hour_ms);
CREATE TABLE host_usage_hour_other PARTITION OF host_usage_hour DEFAULT;

CREATE TABLE end_user_day (
  customer text NOT NULL, day_ms bigint NOT NULL, end_user text NOT NULL, job text NOT NULL,${use},
  PRIMARY KEY (customer, day_ms, end_user, job)
) PARTITION BY RANGE (day_ms);
CREATE TABLE end_user_day_other PARTITION OF end_user_day DEFAULT;

-- One row per settled exchange: what people look at, and how a repeated fact is recognised.
CREATE TABLE exchange_recent (
  day_ms bigint NOT NULL, request_id text NOT NULL,
  gateway_id text NOT NULL, segment bigint NOT NULL, byte_offset bigint NOT NULL,
  started_at_ms bigint NOT NULL, ended_at_ms bigint NOT NULL,
  customer text NOT NULL, key_name text NOT NULL, job text NOT NULL, model text NOT NULL, host text NOT NULL,
  upstream_model text NOT NULL, end_user text NOT NULL, feature text NOT NULL, project text NOT NULL,
  status text NOT NULL, http_status integer NOT NULL, fault text NOT NULL, cache text NOT NULL,
  attempts integer NOT NULL, input_units bigint NOT NULL, output_units bigint NOT NULL,
  cost_nanos bigint, charge_nanos bigint, saved_nanos bigint NOT NULL, absorbed_nanos bigint NOT NULL,
  is_estimated boolean NOT NULL, plan_version text NOT NULL, first_byte_ms real, total_ms real NOT NULL,
  digest bigint NOT NULL, attempt_digests bigint[] NOT NULL,
  PRIMARY KEY (day_ms, request_id)
) PARTITION BY RANGE (day_ms);
CREATE INDEX exchange_recent_by_customer ON exchange_recent (customer, started_at_ms, request_id);
CREATE TABLE exchange_recent_other PARTITION OF exchange_recent DEFAULT;

-- A histogram is a list of count * 128 + cell, one item per cell in use: adding two means adding equal cells.
CREATE FUNCTION add_histograms(bigint[], bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(array_agg(total * 128 + cell ORDER BY cell), '{}')
  FROM (SELECT item % 128 AS cell, sum(item / 128)::bigint AS total FROM unnest($1 || $2) AS item GROUP BY 1) AS cells
$$;
`;

/** The books, and everything that is projected from the journal. */
export const migration = {
  number: 3,
  name: 'ledger',
  sql: [
    books,
    state,
    usage('usage_slot', 'slot_ms'),
    usage('usage_day', 'day_ms'),
    projections,
    performance('performance_minute'),
    performance('performance_hour'),
    performance('performance_day'),
  ].join('\n'),
};
