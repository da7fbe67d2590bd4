/** Messages to other systems, sent at least once under one id. */
export const migration = {
  number: 7,
  name: 'outbox',
  sql: `
CREATE TABLE outbox (
  sink text NOT NULL,
  event_id text NOT NULL,
  kind text NOT NULL,
  payload jsonb NOT NULL,
  digest text NOT NULL,
  occurred_at_ms bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'superseded')),
  attempts integer NOT NULL,
  next_at_ms bigint NOT NULL,
  last_error text,
  sent_at_ms bigint,
  PRIMARY KEY (sink, event_id)
) WITH (fillfactor = 80);
CREATE INDEX outbox_due ON outbox (sink, next_at_ms) WHERE state = 'pending';

CREATE TABLE export_watermark (
  sink text NOT NULL,
  subject text NOT NULL,
  until_ms bigint NOT NULL,
  PRIMARY KEY (sink, subject)
);
`,
};
