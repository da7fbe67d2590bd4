import type { Kysely } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import type { KeyLimits } from '../key.ts';
import { type BudgetRule, readSpendingRules, type SpendingRules } from '../spending/index.ts';

/** A key of the database as gateways need it. */
export interface SnapshotKey {
  readonly name: string;
  readonly customer: string;
  readonly project: string | undefined;
  readonly models: readonly string[];
  readonly limits: KeyLimits;
  readonly metered: boolean;
  readonly onClientGone: 'cancel' | 'drain';
  readonly cache: 'off' | 'deterministic' | 'all';
  readonly storeResponses: boolean;
  readonly expiresAtMs: number | undefined;
  readonly secrets: readonly { readonly digest: string; readonly expiresAtMs: number | undefined }[];
}

/** A customer as gateways need it. */
export interface SnapshotCustomer {
  readonly id: string;
  readonly isActive: boolean;
  readonly models: readonly string[] | undefined;
}

/** What verifies browser-safe tokens. */
export interface SnapshotSigner {
  readonly id: string;
  readonly key: string;
  readonly algorithm: 'HS256' | 'EdDSA';
  readonly sealedSecret: string | undefined;
  readonly publicJwk: Readonly<Record<string, string>> | undefined;
  readonly revokedTokens: readonly string[];
}

/** Everything of the database that requests depend on, at one version. */
export interface ControlSnapshot {
  readonly version: bigint;
  readonly readAtMs: number;
  readonly customers: readonly SnapshotCustomer[];
  readonly keys: readonly SnapshotKey[];
  /** Some key was made once: use without one is over for good, also when every key was revoked. */
  readonly hasHadKeys?: boolean | undefined;
  readonly signers: readonly SnapshotSigner[];
  readonly credentials: readonly { readonly customer: string; readonly host: string; readonly sealed: string }[];
  readonly rules: SpendingRules;
}

const format = 1;

/** The version that the database has now. */
export async function readControlVersion(db: Kysely<Tables>): Promise<bigint> {
  const row = await db.selectFrom('control_version').select('version').executeTakeFirst();
  return row?.version ?? 0n;
}

/** Reads a snapshot as of one instant. */
export async function readControlSnapshot(db: Kysely<Tables>, readAtMs: number): Promise<ControlSnapshot> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => ({
      version: await readControlVersion(trx),
      readAtMs,
      customers: await readCustomers(trx),
      keys: await readKeys(trx),
      hasHadKeys: (await trx.selectFrom('api_key').select('name').limit(1).execute()).length > 0,
      signers: await readSigners(trx),
      credentials: (
        await trx.selectFrom('provider_credential').select(['customer_id', 'host', 'sealed']).execute()
      ).map(({ customer_id, host, sealed }) => ({ customer: customer_id, host, sealed })),
      rules: await readSpendingRules(trx),
    }));
}

/** A snapshot as text, to boot with when the database is away. Holds digests and sealed values, no secrets. */
export function writeSnapshot(snapshot: ControlSnapshot): string {
  const { rules, version, ...rest } = snapshot;
  const budgets = rules.budgets.map((rule) => ({ ...rule, limitNanos: String(rule.limitNanos) }));
  return JSON.stringify({
    format,
    ...rest,
    version: String(version),
    rules: { ...rules, budgets, timeZones: [...rules.timeZones] },
  });
}

/** Reads a snapshot's text; undefined for one of another format or a damaged one. */
export function parseSnapshot(text: string): ControlSnapshot | undefined {
  try {
    const { format: found, version, rules, ...rest } = JSON.parse(text) as StoredSnapshot;
    if (found !== format) return undefined;
    const budgets = rules.budgets.map((rule) => ({ ...rule, limitNanos: BigInt(rule.limitNanos) }));
    return { ...rest, version: BigInt(version), rules: { ...rules, budgets, timeZones: new Map(rules.timeZones) } };
  } catch {
    // It is rewritten at the next change; until then there is none.
    return undefined;
  }
}

interface StoredSnapshot extends Omit<ControlSnapshot, 'version' | 'rules'> {
  readonly format: number;
  readonly version: string;
  readonly rules: Omit<SpendingRules, 'budgets' | 'timeZones'> & {
    readonly budgets: readonly (Omit<BudgetRule, 'limitNanos'> & { readonly limitNanos: string })[];
    readonly timeZones: readonly (readonly [string, string])[];
  };
}

async function readCustomers(trx: Kysely<Tables>): Promise<SnapshotCustomer[]> {
  const rows = await trx.selectFrom('customer').select(['id', 'status', 'models']).orderBy('id').execute();
  return rows.map(({ id, status, models }) => ({ id, isActive: status === 'active', models: models ?? undefined }));
}

async function readKeys(trx: Kysely<Tables>): Promise<SnapshotKey[]> {
  const keys = await trx
    .selectFrom('api_key')
    .selectAll()
    .where('status', '=', 'active')
    .where('source', '=', 'api')
    .orderBy('name')
    .execute();
  const secrets = await trx.selectFrom('api_key_secret').select(['digest', 'key_name', 'expires_at_ms']).execute();
  const byKey = groupBy(secrets, ({ key_name }) => key_name);
  return keys.map((row) => ({
    name: row.name,
    customer: row.customer_id,
    project: row.project_id ?? undefined,
    models: row.models,
    limits: row.limits,
    metered: row.metered,
    onClientGone: row.on_client_gone,
    cache: row.cache,
    storeResponses: row.store_responses,
    expiresAtMs: toMs(row.expires_at_ms),
    secrets: (byKey.get(row.name) ?? []).map(({ digest, expires_at_ms }) => ({
      digest,
      expiresAtMs: toMs(expires_at_ms),
    })),
  }));
}

async function readSigners(trx: Kysely<Tables>): Promise<SnapshotSigner[]> {
  const rows = await trx.selectFrom('token_signer').selectAll().where('status', '=', 'active').orderBy('id').execute();
  const revoked = await trx.selectFrom('revoked_token').select(['signer_id', 'id']).execute();
  const bySigner = groupBy(revoked, ({ signer_id }) => signer_id);
  return rows.map((row) => ({
    id: row.id,
    key: row.key_name,
    algorithm: row.algorithm,
    sealedSecret: row.sealed_secret ?? undefined,
    publicJwk: row.public_jwk ?? undefined,
    revokedTokens: (bySigner.get(row.id) ?? []).map(({ id }) => id),
  }));
}

function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}

function toMs(value: bigint | null): number | undefined {
  return value === null ? undefined : Number(value);
}
