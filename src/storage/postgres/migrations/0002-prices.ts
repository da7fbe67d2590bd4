/** Price versions that are opened and closed but never changed, what catalogs say, and alerts. */
export const migration = {
  number: 2,
  name: 'prices',
  sql: `
CREATE TABLE price_version (
  id text PRIMARY KEY,
  endpoint_id text NOT NULL,
  currency text NOT NULL DEFAULT 'USD',
  valid_from_ms bigint NOT NULL,
  valid_to_ms bigint,
  status text NOT NULL CHECK (status IN ('single', 'agreed', 'auto', 'confirmed', 'manual')),
  accepted_by text NOT NULL,
  seen_at_ms bigint NOT NULL,
  sources jsonb NOT NULL,
  source_text text NOT NULL,
  source_hash text,
  is_inexact boolean NOT NULL,
  terms jsonb NOT NULL,
  position integer NOT NULL,
  CHECK (valid_to_ms >= valid_from_ms),
  UNIQUE (endpoint_id, position)
);
CREATE UNIQUE INDEX price_version_in_force ON price_version (endpoint_id) WHERE valid_to_ms IS NULL;
CREATE INDEX price_version_by_time ON price_version (endpoint_id, valid_from_ms);

CREATE FUNCTION price_version_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.valid_to_ms IS NULL AND NEW.valid_to_ms IS NOT NULL
    AND to_jsonb(NEW) - 'valid_to_ms' = to_jsonb(OLD) - 'valid_to_ms' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'price versions are never changed, only closed: % of % is refused', TG_OP, OLD.id
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON price_version
  FOR EACH ROW EXECUTE FUNCTION price_version_refuse_change();

CREATE SEQUENCE price_revision;

CREATE TABLE price_endpoint (
  endpoint_id text PRIMARY KEY,
  state text NOT NULL,
  memory jsonb NOT NULL,
  revision bigint NOT NULL DEFAULT nextval('price_revision')
);
CREATE INDEX price_endpoint_by_revision ON price_endpoint (revision);

CREATE TABLE price_alias (
  alias_id text PRIMARY KEY,
  memory jsonb NOT NULL,
  revision bigint NOT NULL DEFAULT nextval('price_revision')
);

CREATE TABLE price_alert (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('price_changed', 'price_disputed', 'alias_moved', 'route_removed')),
  severity text NOT NULL CHECK (severity IN ('notice', 'page')),
  endpoint_id text NOT NULL,
  raised_at_ms bigint NOT NULL,
  paged_at_ms bigint,
  seen_at_ms bigint NOT NULL,
  sources jsonb NOT NULL,
  moves jsonb NOT NULL,
  message text NOT NULL,
  acknowledged_at_ms bigint,
  acknowledged_by text
);
CREATE INDEX price_alert_by_time ON price_alert (raised_at_ms, id);
CREATE INDEX price_alert_by_endpoint ON price_alert (endpoint_id, raised_at_ms);

CREATE TABLE rating_version (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('price', 'contract')),
  body jsonb NOT NULL
);
`,
};
