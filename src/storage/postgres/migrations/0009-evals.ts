/** Outcomes as projected from the journal, and runs of evaluations with their results. */
export const migration = {
  number: 9,
  name: 'evals',
  sql: `
CREATE TABLE outcome (
  outcome_id text PRIMARY KEY,
  request_id text NOT NULL,
  job text NOT NULL,
  model text NOT NULL,
  host text NOT NULL,
  customer text NOT NULL,
  end_user text NOT NULL,
  kind text NOT NULL,
  value double precision,
  weight double precision,
  label text,
  amount_nanos bigint,
  minutes_saved double precision,
  source text NOT NULL,
  grader text,
  run_id text,
  retracts text,
  supersedes text,
  idempotency_key text,
  posted_by text NOT NULL,
  at_ms bigint NOT NULL,
  received_at_ms bigint NOT NULL
);
CREATE INDEX outcome_by_job ON outcome (job, at_ms);
CREATE INDEX outcome_by_request ON outcome (request_id);
CREATE INDEX outcome_by_run ON outcome (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE eval_run (
  id text PRIMARY KEY,
  job text NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'stopped', 'failed')),
  spec jsonb NOT NULL,
  graders text NOT NULL,
  item_count integer NOT NULL,
  max_nanos bigint NOT NULL,
  spent_nanos bigint NOT NULL,
  detail text,
  report jsonb,
  created_at_ms bigint NOT NULL,
  finished_at_ms bigint,
  claimed_by text,
  claimed_until_ms bigint NOT NULL DEFAULT 0
);
CREATE INDEX eval_run_by_time ON eval_run (created_at_ms DESC, id DESC);
CREATE INDEX eval_run_waiting ON eval_run (created_at_ms) WHERE state IN ('queued', 'running');

CREATE TABLE eval_item (
  run_id text NOT NULL REFERENCES eval_run (id) ON DELETE CASCADE,
  item_id text NOT NULL,
  ordinal integer NOT NULL,
  digest text NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (run_id, item_id)
);
CREATE INDEX eval_item_by_digest ON eval_item (digest);

CREATE TABLE eval_result (
  run_id text NOT NULL REFERENCES eval_run (id) ON DELETE CASCADE,
  item_id text NOT NULL,
  candidate text NOT NULL,
  sample integer NOT NULL,
  request_id text NOT NULL,
  host text NOT NULL,
  score double precision,
  verdict text NOT NULL CHECK (verdict IN ('pass', 'fail', 'unknown', 'error')),
  reasons jsonb NOT NULL,
  answer text NOT NULL,
  cost_nanos bigint,
  output_units bigint NOT NULL,
  first_byte_ms real,
  total_ms real NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (run_id, item_id, candidate, sample)
);
`,
};
