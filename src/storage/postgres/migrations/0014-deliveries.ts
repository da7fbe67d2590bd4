/** Several deliveries at a time, late use as one amount, and facts that a person lets out of quarantine. */
export const migration = {
  number: 14,
  name: 'deliveries and releases',
  sql: `
-- Whoever delivers a message has it until then; another delivery passes it over.
ALTER TABLE outbox ADD COLUMN claimed_until_ms bigint NOT NULL DEFAULT 0;
CREATE INDEX outbox_pending ON outbox (sink, occurred_at_ms, event_id) WHERE state = 'pending';
DROP INDEX outbox_due;

ALTER TABLE export_sink ADD COLUMN invoice_items boolean NOT NULL DEFAULT false;

-- What late use came to beyond what can be paid; the next amount of the customer takes it in.
CREATE TABLE export_carry (
  sink text NOT NULL,
  customer text NOT NULL,
  carry_nanos bigint NOT NULL,
  PRIMARY KEY (sink, customer)
);

ALTER TABLE quarantine ADD COLUMN released_at_ms bigint;
ALTER TABLE quarantine ADD COLUMN released_by text;
ALTER TABLE quarantine ADD COLUMN release_reason text;

-- Booked exchanges of which an amount is in quarantine, whole: a release books what is missing.
CREATE TABLE held_exchange (
  request_id text PRIMARY KEY,
  gateway_id text NOT NULL,
  pending jsonb NOT NULL
);
`,
};
