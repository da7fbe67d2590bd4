/** Failures of programs and apps, what was done to fix them, and pairs of both that may train models. */
export const migration = {
  number: 17,
  name: 'fixes',
  sql: `
ALTER TABLE app_version ADD COLUMN source_sha256 text;

CREATE TABLE app_fix_setting (
  app text PRIMARY KEY REFERENCES app (name) ON DELETE CASCADE,
  settings jsonb NOT NULL,
  changed_at_ms bigint NOT NULL
);

CREATE TABLE failure (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('run', 'build', 'app')),
  subject text NOT NULL,
  app text,
  version text,
  customer text,
  request_id text,
  signature text NOT NULL,
  report jsonb NOT NULL,
  program bytea,
  sealed text,
  created_at_ms bigint NOT NULL
);
CREATE INDEX failure_newest ON failure (created_at_ms DESC, id DESC);
CREATE INDEX failure_by_subject ON failure (subject, created_at_ms DESC);

CREATE TABLE fix (
  id text PRIMARY KEY,
  failure_id text NOT NULL REFERENCES failure (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('run', 'build', 'app')),
  subject text NOT NULL,
  customer text,
  state text NOT NULL CHECK (state IN ('queued', 'running', 'fixed', 'unfixed', 'failed')),
  reason text,
  detail text,
  spec jsonb NOT NULL,
  max_nanos bigint NOT NULL CHECK (max_nanos > 0),
  spent_nanos bigint NOT NULL DEFAULT 0,
  begun jsonb,
  refused_patches integer NOT NULL DEFAULT 0,
  patch text NOT NULL DEFAULT '',
  files bytea,
  run_id text,
  version text,
  accepted boolean,
  requested_by text NOT NULL,
  created_at_ms bigint NOT NULL,
  finished_at_ms bigint,
  claimed_by text,
  claimed_until_ms bigint NOT NULL DEFAULT 0
);
CREATE INDEX fix_newest ON fix (created_at_ms DESC, id DESC);
CREATE INDEX fix_waiting ON fix (created_at_ms) WHERE state IN ('queued', 'running');
CREATE UNIQUE INDEX fix_at_work ON fix (failure_id) WHERE state IN ('queued', 'running');

CREATE TABLE fix_attempt (
  fix_id text NOT NULL REFERENCES fix (id) ON DELETE CASCADE,
  number integer NOT NULL,
  request_id text NOT NULL,
  model text NOT NULL,
  verdict text NOT NULL,
  cost_nanos bigint,
  reserved_nanos bigint NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (fix_id, number)
);

CREATE TABLE fix_pair (
  fix_id text PRIMARY KEY REFERENCES fix (id) ON DELETE CASCADE,
  customer text NOT NULL,
  licence text NOT NULL CHECK (licence IN ('allowed', 'forbidden', 'unknown')),
  body jsonb NOT NULL,
  created_at_ms bigint NOT NULL
);
CREATE INDEX fix_pair_by_time ON fix_pair (created_at_ms, fix_id);
`,
};
