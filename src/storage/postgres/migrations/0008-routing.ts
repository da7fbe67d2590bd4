/** Jobs made by the control API in versions, and outcomes as gateways share them to learn from. */
export const migration = {
  number: 8,
  name: 'routing',
  sql: `
CREATE TABLE job_version (
  job text NOT NULL,
  version integer NOT NULL,
  id text NOT NULL,
  settings jsonb NOT NULL,
  is_archived boolean NOT NULL,
  created_at_ms bigint NOT NULL,
  PRIMARY KEY (job, version)
);

CREATE TABLE routing_outcome (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  outcome_id text NOT NULL UNIQUE,
  at_ms bigint NOT NULL,
  fact jsonb NOT NULL
);
CREATE INDEX routing_outcome_by_time ON routing_outcome (at_ms);
`,
};
