import type { ColumnType, Generated } from 'kysely';

/** A jsonb column: written as JSON text, read as the parsed value. */
export type JsonColumn<Value> = ColumnType<Value, string, string>;

/** A jsonb column that may be null. */
export type NullableJsonColumn<Value> = ColumnType<Value | null, string | null, string | null>;

/** Settings of whoever runs the product; one row. */
export interface OrganisationTable {
  id: Generated<number>;
  name: string;
  time_zone: string;
  currency: string;
  updated_at_ms: bigint;
}

/** Rises with every change that gateways must hear of; one row. */
export interface ControlVersionTable {
  id: Generated<number>;
  version: bigint;
  changed_at_ms: bigint;
}

/** Whom the organisation bills. The id is the name that facts carry. */
export interface CustomerTable {
  id: string;
  display_name: string;
  status: 'active' | 'suspended' | 'closed';
  /** Null: the organisation's. */
  time_zone: string | null;
  currency: string | null;
  /** Patterns of models that its keys may use at most; null allows all. */
  models: NullableJsonColumn<readonly string[]>;
  /** What invoices print: address, tax id and the like. */
  billing: NullableJsonColumn<Readonly<Record<string, string>>>;
  source: 'api' | 'yaml';
  created_at_ms: bigint;
  updated_at_ms: bigint;
}

/** A part of a customer that usage and budgets are kept for. */
export interface ProjectTable {
  customer_id: string;
  id: string;
  display_name: string;
  status: 'active' | 'closed';
  created_at_ms: bigint;
  updated_at_ms: bigint;
}

/** A client's credential; its secrets are rows of their own so that a rotation keeps the key. */
export interface ApiKeyTable {
  /** The name that facts carry, unique over the organisation. */
  name: string;
  customer_id: string;
  project_id: string | null;
  models: JsonColumn<readonly string[]>;
  limits: JsonColumn<{
    readonly requestsPerMinute?: number;
    readonly tokensPerMinute?: number;
    readonly concurrent?: number;
  }>;
  metered: boolean;
  on_client_gone: 'cancel' | 'drain';
  cache: 'off' | 'deterministic' | 'all';
  store_responses: boolean;
  /** Keys of the configuration file are shown, never changed here. */
  source: 'api' | 'yaml';
  status: 'active' | 'revoked';
  expires_at_ms: bigint | null;
  created_at_ms: bigint;
  updated_at_ms: bigint;
  revoked_at_ms: bigint | null;
}

/** A secret of a key, as its SHA-256 digest in hexadecimal. */
export interface ApiKeySecretTable {
  digest: string;
  key_name: string;
  /** The first characters, to tell secrets apart. */
  prefix: string;
  created_at_ms: bigint;
  /** Set by a rotation: the end of the overlap. */
  expires_at_ms: bigint | null;
}

/** A customer's own credential at a host, sealed. */
export interface ProviderCredentialTable {
  customer_id: string;
  host: string;
  /** AES-256-GCM under the data folder's key file, base64. */
  sealed: string;
  /** Last characters, to tell credentials apart. */
  hint: string;
  created_at_ms: bigint;
  updated_at_ms: bigint;
}

/** What verifies the tokens that a customer's backend signs. */
export interface TokenSignerTable {
  /** `kid` of the tokens. */
  id: string;
  customer_id: string;
  /** Tokens act as this key, with less. */
  key_name: string;
  algorithm: 'HS256' | 'EdDSA';
  /** HS256: the sealed secret. */
  sealed_secret: string | null;
  /** EdDSA: the public key as JWK. */
  public_jwk: NullableJsonColumn<Readonly<Record<string, string>>>;
  status: 'active' | 'revoked';
  created_at_ms: bigint;
}

/** A token that must not be used any more, kept until it would have expired. */
export interface RevokedTokenTable {
  /** `jti`, unique for its signer. */
  id: string;
  signer_id: string;
  expires_at_ms: bigint;
  revoked_at_ms: bigint;
}

/** Commercial terms; a version never changes. */
export interface PlanTable {
  id: string;
  display_name: string;
  status: 'active' | 'archived';
  created_at_ms: bigint;
  updated_at_ms: bigint;
}

/** One version of a plan's terms. */
export interface PlanVersionTable {
  id: string;
  plan_id: string;
  version: number;
  terms: JsonColumn<unknown>;
  created_at_ms: bigint;
}

/** Which terms apply to a customer when; half-open in time. */
export interface SubscriptionTable {
  id: string;
  customer_id: string;
  plan_version_id: string;
  seats: number;
  valid_from_ms: bigint;
  valid_to_ms: bigint | null;
  created_at_ms: bigint;
}

/** One change through the control API or the command line. */
export interface AuditEntryTable {
  id: Generated<bigint>;
  at_ms: bigint;
  actor: string;
  role: string;
  action: string;
  subject_kind: string;
  subject_id: string;
  customer_id: string | null;
  before: NullableJsonColumn<unknown>;
  after: NullableJsonColumn<unknown>;
}

/** The answer to a change, given again when the change is sent again. */
export interface IdempotencyKeyTable {
  actor: string;
  key: string;
  request_hash: string;
  /** Null while the first request runs. */
  status: number | null;
  response: NullableJsonColumn<unknown>;
  created_at_ms: bigint;
  expires_at_ms: bigint;
}

/** A credential for the control API. */
export interface AccessTokenTable {
  id: string;
  name: string;
  role: 'owner' | 'operator' | 'finance' | 'viewer';
  /** Set: read-only, and only what is this customer's. */
  customer_id: string | null;
  digest: string;
  prefix: string;
  status: 'active' | 'revoked';
  expires_at_ms: bigint | null;
  created_at_ms: bigint;
  revoked_at_ms: bigint | null;
}

/** Tables of who may do what. */
export interface ControlTables {
  organisation: OrganisationTable;
  control_version: ControlVersionTable;
  customer: CustomerTable;
  project: ProjectTable;
  api_key: ApiKeyTable;
  api_key_secret: ApiKeySecretTable;
  provider_credential: ProviderCredentialTable;
  token_signer: TokenSignerTable;
  revoked_token: RevokedTokenTable;
  plan: PlanTable;
  plan_version: PlanVersionTable;
  subscription: SubscriptionTable;
  audit_entry: AuditEntryTable;
  idempotency_key: IdempotencyKeyTable;
  access_token: AccessTokenTable;
}
