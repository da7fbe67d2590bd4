/** Invoices, credit notes and their numbers. */
export const migration = {
  number: 5,
  name: 'invoices',
  sql: `
CREATE TABLE invoice (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
  customer text NOT NULL CHECK (customer <> ''),
  status text NOT NULL CHECK (status IN ('draft', 'finalised', 'paid', 'void')),
  number bigint CHECK (number > 0),
  currency text NOT NULL,
  time_zone text NOT NULL,
  start_day integer NOT NULL,
  end_day integer NOT NULL,
  start_ms bigint NOT NULL,
  end_ms bigint NOT NULL,
  net_nanos bigint NOT NULL,
  carry_in_nanos bigint NOT NULL,
  carry_out_nanos bigint NOT NULL,
  total_nanos bigint NOT NULL,
  settings jsonb NOT NULL,
  document text,
  document_sha256 text,
  credits_invoice_id text REFERENCES invoice (id),
  created_at_ms bigint NOT NULL,
  finalised_at_ms bigint,
  paid_at_ms bigint,
  payment_reference text,
  voided_at_ms bigint,
  CHECK (end_day > start_day),
  CHECK ((status = 'draft') = (number IS NULL)),
  CHECK ((number IS NULL) = (document IS NULL) AND (number IS NULL) = (document_sha256 IS NULL)),
  CHECK ((kind = 'credit_note') = (credits_invoice_id IS NOT NULL))
);
CREATE UNIQUE INDEX invoice_by_number ON invoice (kind, number);
CREATE INDEX invoice_by_customer ON invoice (customer, start_ms);
-- A period is billed once; what is void may be billed again.
CREATE UNIQUE INDEX invoice_of_period ON invoice (customer, start_day) WHERE kind = 'invoice' AND status <> 'void';
CREATE UNIQUE INDEX invoice_credited_once ON invoice (credits_invoice_id);

CREATE TABLE invoice_line (
  invoice_id text NOT NULL REFERENCES invoice (id),
  position integer NOT NULL,
  key text NOT NULL,
  kind text NOT NULL,
  description text NOT NULL,
  units bigint,
  unit text NOT NULL,
  picos_per_unit bigint,
  plan_version text NOT NULL,
  covers_start_day integer NOT NULL,
  covers_end_day integer NOT NULL,
  amount_nanos bigint NOT NULL,
  is_booked boolean NOT NULL,
  segments_sha256 text,
  PRIMARY KEY (invoice_id, position),
  UNIQUE (invoice_id, covers_start_day, key)
);

CREATE TABLE invoice_number (
  kind text PRIMARY KEY,
  next_number bigint NOT NULL
);
INSERT INTO invoice_number (kind, next_number) VALUES ('invoice', 1), ('credit_note', 1);

CREATE TABLE outcome_charge (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation_key text NOT NULL UNIQUE,
  customer text NOT NULL,
  request_id text NOT NULL,
  kind text NOT NULL,
  job text NOT NULL,
  plan_version text NOT NULL,
  at_ms bigint NOT NULL,
  charge_nanos bigint NOT NULL
);
CREATE INDEX outcome_charge_by_customer ON outcome_charge (customer, at_ms);

CREATE FUNCTION invoice_keep_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status = 'draft' THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  IF TG_OP = 'DELETE' OR NEW.status = 'draft'
    OR (to_jsonb(NEW) - '{status,paid_at_ms,payment_reference,voided_at_ms}'::text[])
      <> (to_jsonb(OLD) - '{status,paid_at_ms,payment_reference,voided_at_ms}'::text[]) THEN
    RAISE EXCEPTION 'a finalised invoice never changes' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_frozen BEFORE UPDATE OR DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION invoice_keep_frozen();

CREATE FUNCTION invoice_line_keep_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  line invoice_line := CASE TG_OP WHEN 'INSERT' THEN NEW ELSE OLD END;
BEGIN
  IF EXISTS (SELECT 1 FROM invoice WHERE id = line.invoice_id AND status <> 'draft') THEN
    RAISE EXCEPTION 'the lines of a finalised invoice never change' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_frozen BEFORE INSERT OR UPDATE OR DELETE ON invoice_line
  FOR EACH ROW EXECUTE FUNCTION invoice_line_keep_frozen();
`,
};
