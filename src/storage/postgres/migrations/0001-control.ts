import type { Migration } from './migration.ts';

/** Who may do what: organisation, customers, keys, tokens, plans, audit. */
export const migration: Migration = {
  number: 1,
  name: 'control',
  sql: `
CREATE TABLE organisation (
  id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  name text NOT NULL,
  time_zone text NOT NULL,
  currency text NOT NULL,
  updated_at_ms bigint NOT NULL
);
INSERT INTO organisation (name, time_zone, currency, updated_at_ms) VALUES ('default', 'UTC', 'USD', 0);

CREATE TABLE control_version (
  id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  version bigint NOT NULL,
  changed_at_ms bigint NOT NULL
);
INSERT INTO control_version (version, changed_at_ms) VALUES (1, 0);

CREATE TABLE customer (
  id text PRIMARY KEY CHECK (id <> ''),
  display_name text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'suspended', 'closed')),
  time_zone text,
  currency text,
  models jsonb,
  billing jsonb,
  source text NOT NULL CHECK (source IN ('api', 'yaml')),
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);
INSERT INTO customer (id, display_name, status, source, created_at_ms, updated_at_ms)
VALUES ('default', 'default', 'active', 'yaml', 0, 0);

CREATE TABLE project (
  customer_id text NOT NULL REFERENCES customer (id),
  id text NOT NULL CHECK (id <> ''),
  display_name text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'closed')),
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  PRIMARY KEY (customer_id, id)
);

CREATE TABLE api_key (
  name text PRIMARY KEY CHECK (name <> ''),
  customer_id text NOT NULL REFERENCES customer (id),
  project_id text,
  models jsonb NOT NULL,
  limits jsonb NOT NULL,
  metered boolean NOT NULL,
  on_client_gone text NOT NULL CHECK (on_client_gone IN ('cancel', 'drain')),
  cache text NOT NULL CHECK (cache IN ('off', 'deterministic', 'all')),
  store_responses boolean NOT NULL,
  source text NOT NULL CHECK (source IN ('api', 'yaml')),
  status text NOT NULL CHECK (status IN ('active', 'revoked')),
  expires_at_ms bigint,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  revoked_at_ms bigint,
  FOREIGN KEY (customer_id, project_id) REFERENCES project (customer_id, id)
);
CREATE INDEX api_key_by_customer ON api_key (customer_id, name);

CREATE TABLE api_key_secret (
  digest text PRIMARY KEY,
  key_name text NOT NULL REFERENCES api_key (name),
  prefix text NOT NULL,
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint
);
CREATE INDEX api_key_secret_by_key ON api_key_secret (key_name);

CREATE TABLE provider_credential (
  customer_id text NOT NULL REFERENCES customer (id),
  host text NOT NULL,
  sealed text NOT NULL,
  hint text NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  PRIMARY KEY (customer_id, host)
);

CREATE TABLE token_signer (
  id text PRIMARY KEY,
  customer_id text NOT NULL REFERENCES customer (id),
  key_name text NOT NULL REFERENCES api_key (name),
  algorithm text NOT NULL CHECK (algorithm IN ('HS256', 'EdDSA')),
  sealed_secret text,
  public_jwk jsonb,
  status text NOT NULL CHECK (status IN ('active', 'revoked')),
  created_at_ms bigint NOT NULL,
  CHECK ((algorithm = 'HS256') = (sealed_secret IS NOT NULL)),
  CHECK ((algorithm = 'EdDSA') = (public_jwk IS NOT NULL))
);
CREATE INDEX token_signer_by_customer ON token_signer (customer_id);

CREATE TABLE revoked_token (
  signer_id text NOT NULL REFERENCES token_signer (id),
  id text NOT NULL,
  expires_at_ms bigint NOT NULL,
  revoked_at_ms bigint NOT NULL,
  PRIMARY KEY (signer_id, id)
);

CREATE TABLE plan (
  id text PRIMARY KEY CHECK (id <> ''),
  display_name text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'archived')),
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);

CREATE TABLE plan_version (
  id text PRIMARY KEY,
  plan_id text NOT NULL REFERENCES plan (id),
  version integer NOT NULL,
  terms jsonb NOT NULL,
  created_at_ms bigint NOT NULL,
  UNIQUE (plan_id, version)
);

CREATE TABLE subscription (
  id text PRIMARY KEY,
  customer_id text NOT NULL REFERENCES customer (id),
  plan_version_id text NOT NULL REFERENCES plan_version (id),
  seats integer NOT NULL DEFAULT 1 CHECK (seats >= 0),
  valid_from_ms bigint NOT NULL,
  valid_to_ms bigint CHECK (valid_to_ms > valid_from_ms),
  created_at_ms bigint NOT NULL
);
CREATE INDEX subscription_by_customer ON subscription (customer_id, valid_from_ms);
CREATE UNIQUE INDEX subscription_open ON subscription (customer_id) WHERE valid_to_ms IS NULL;

CREATE TABLE audit_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at_ms bigint NOT NULL,
  actor text NOT NULL,
  role text NOT NULL,
  action text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  customer_id text,
  before jsonb,
  after jsonb
);
CREATE INDEX audit_entry_by_customer ON audit_entry (customer_id, id);
CREATE FUNCTION audit_entry_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse_change();

CREATE TABLE idempotency_key (
  actor text NOT NULL,
  key text NOT NULL,
  request_hash text NOT NULL,
  status integer,
  response jsonb,
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_key_by_expiry ON idempotency_key (expires_at_ms);

CREATE TABLE access_token (
  id text PRIMARY KEY,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'operator', 'finance', 'viewer')),
  customer_id text REFERENCES customer (id),
  digest text NOT NULL UNIQUE,
  prefix text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'revoked')),
  expires_at_ms bigint,
  created_at_ms bigint NOT NULL,
  revoked_at_ms bigint,
  CHECK (customer_id IS NULL OR role = 'viewer')
);
`,
};
