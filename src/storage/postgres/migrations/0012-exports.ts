/** Which systems are told of use. */
export const migration = {
  number: 12,
  name: 'exports',
  sql: `
CREATE TABLE export_sink (
  name text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('stripe', 'cloudEvents')),
  meters jsonb NOT NULL,
  customers jsonb
);
CREATE INDEX outbox_done ON outbox (sent_at_ms) WHERE state IN ('sent', 'superseded');
`,
};
