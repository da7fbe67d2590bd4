/** Rollouts: their plan, which never changes, and what is known of them. */
export const migration = {
  number: 10,
  name: 'rollouts',
  sql: `
CREATE TABLE rollout (
  id text PRIMARY KEY,
  job text NOT NULL,
  plan jsonb NOT NULL,
  state jsonb NOT NULL,
  stage text NOT NULL CHECK (stage IN ('offline', 'shadow', 'canary', 'promoted', 'rolled_back', 'needs_more')),
  created_at_ms bigint NOT NULL,
  changed_at_ms bigint NOT NULL
);
CREATE INDEX rollout_by_time ON rollout (created_at_ms DESC, id DESC);
-- Two rollouts of one job would disturb each other's evidence.
CREATE UNIQUE INDEX rollout_running ON rollout (job) WHERE stage IN ('offline', 'shadow', 'canary', 'needs_more');
`,
};
