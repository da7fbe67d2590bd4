/** Apps: immutable versions, where aliases point, secrets and schedules. */
export const migration = {
  number: 11,
  name: 'apps',
  sql: `
CREATE TABLE app (
  name text PRIMARY KEY CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
  customer_id text,
  key_name text,
  sealed_key text,
  created_at_ms bigint NOT NULL
);

CREATE TABLE app_version (
  app text NOT NULL REFERENCES app (name) ON DELETE CASCADE,
  version text NOT NULL,
  digest text NOT NULL,
  manifest jsonb NOT NULL,
  build_log text NOT NULL,
  created_at_ms bigint NOT NULL,
  created_by text NOT NULL,
  PRIMARY KEY (app, version)
);
CREATE INDEX app_version_newest ON app_version (app, created_at_ms DESC, version);

CREATE TABLE app_alias (
  app text NOT NULL,
  alias text NOT NULL CHECK (alias IN ('prod', 'preview')),
  version text NOT NULL,
  previous_version text,
  canary_version text,
  canary_share double precision CHECK (canary_share > 0 AND canary_share <= 1),
  revision bigint NOT NULL,
  changed_at_ms bigint NOT NULL,
  changed_by text NOT NULL,
  PRIMARY KEY (app, alias),
  FOREIGN KEY (app, version) REFERENCES app_version (app, version) ON DELETE CASCADE,
  FOREIGN KEY (app, previous_version) REFERENCES app_version (app, version),
  FOREIGN KEY (app, canary_version) REFERENCES app_version (app, version),
  CHECK ((canary_version IS NULL) = (canary_share IS NULL))
) WITH (fillfactor = 80);

CREATE TABLE app_secret (
  app text NOT NULL REFERENCES app (name) ON DELETE CASCADE,
  name text NOT NULL,
  sealed text NOT NULL,
  hint text NOT NULL,
  updated_at_ms bigint NOT NULL,
  PRIMARY KEY (app, name)
);

CREATE TABLE app_schedule (
  app text NOT NULL REFERENCES app (name) ON DELETE CASCADE,
  name text NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  overlap text NOT NULL CHECK (overlap IN ('skip', 'queue')),
  next_due_at_ms bigint,
  lease_owner text,
  lease_until_ms bigint,
  PRIMARY KEY (app, name)
) WITH (fillfactor = 80);
CREATE INDEX app_schedule_due ON app_schedule (next_due_at_ms);

CREATE TABLE app_schedule_run (
  app text NOT NULL,
  schedule text NOT NULL,
  due_at_ms bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'skipped')),
  started_at_ms bigint NOT NULL,
  ended_at_ms bigint,
  detail text,
  PRIMARY KEY (app, schedule, due_at_ms),
  FOREIGN KEY (app, schedule) REFERENCES app_schedule (app, name) ON DELETE CASCADE
);
`,
};
