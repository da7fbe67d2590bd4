/** Bills of hosts, and how they differ from our own figures. */
export const migration = {
  number: 6,
  name: 'reconciliation',
  sql: `
CREATE TABLE reconciliation_import (
  id text PRIMARY KEY,
  host text NOT NULL,
  format text NOT NULL,
  name text NOT NULL,
  sha256 text NOT NULL,
  rows integer NOT NULL,
  problems jsonb NOT NULL,
  unknown_columns jsonb NOT NULL,
  first_day integer,
  last_day integer,
  imported_at_ms bigint NOT NULL,
  UNIQUE (host, sha256)
);

CREATE TABLE reconciliation_bill (
  import_id text NOT NULL REFERENCES reconciliation_import (id) ON DELETE CASCADE,
  host text NOT NULL,
  day integer NOT NULL,
  model text NOT NULL,
  key_name text NOT NULL,
  bucket text NOT NULL,
  units bigint,
  amount_nanos bigint,
  PRIMARY KEY (import_id, host, day, model, key_name, bucket)
);
CREATE INDEX reconciliation_bill_by_day ON reconciliation_bill (host, day);

CREATE TABLE reconciliation_variance (
  id text PRIMARY KEY,
  import_id text NOT NULL REFERENCES reconciliation_import (id),
  host text NOT NULL,
  first_day integer NOT NULL,
  last_day integer NOT NULL,
  ours_nanos bigint NOT NULL,
  theirs_nanos bigint NOT NULL,
  variance_nanos bigint NOT NULL,
  report jsonb NOT NULL,
  operation_key text NOT NULL UNIQUE,
  posted_at_ms bigint NOT NULL
);
`,
};
