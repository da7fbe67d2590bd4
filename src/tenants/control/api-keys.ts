import type { Selectable } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import type { KeyLimits } from '../key.ts';
import {
  type Actor,
  type Change,
  changeControl,
  type ControlStore,
  missing,
  ownedByConfig,
  type Page,
  type PageRequest,
  pageSize,
  taken,
  toPage,
} from './control-store.ts';
import { invalid, lockCustomer } from './customers.ts';
import { type MintedSecret, mintSecret } from './secrets.ts';

/** A key as lists show it; secrets appear as their first characters only. */
export interface ApiKey {
  readonly name: string;
  readonly customer: string;
  readonly project: string | undefined;
  readonly models: readonly string[];
  readonly limits: KeyLimits;
  readonly metered: boolean;
  readonly onClientGone: 'cancel' | 'drain';
  readonly cache: 'off' | 'deterministic' | 'all';
  readonly storeResponses: boolean;
  readonly source: 'api' | 'yaml';
  readonly status: 'active' | 'revoked';
  readonly expiresAtMs: number | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What can be set of a key; undefined leaves it or takes the default. */
export interface ApiKeySettings {
  readonly project?: string | null | undefined;
  readonly models?: readonly string[] | undefined;
  readonly limits?: KeyLimits | undefined;
  readonly metered?: boolean | undefined;
  readonly onClientGone?: ApiKey['onClientGone'] | undefined;
  readonly cache?: ApiKey['cache'] | undefined;
  readonly storeResponses?: boolean | undefined;
  readonly expiresAtMs?: number | null | undefined;
}

/** A key with its secret, which is shown this once. */
export interface MintedKey {
  readonly key: ApiKey;
  readonly secret: string;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const maxOverlapMs = 90 * 86_400_000;

/** Makes a key of a customer. */
export async function createKey(
  store: ControlStore,
  actor: Actor,
  wanted: ApiKeySettings & { readonly name: string; readonly customer: string },
): Promise<MintedKey> {
  if (!namePattern.test(wanted.name)) {
    throw invalid('name', 'must be 1 to 64 letters, digits, dots, dashes or underscores');
  }
  return changeControl(store, actor, async (change) => {
    await lockCustomer(change, wanted.customer);
    await checkProject(change, wanted.customer, wanted.project);
    const row = await change.trx
      .insertInto('api_key')
      .values({
        name: wanted.name,
        customer_id: wanted.customer,
        project_id: wanted.project ?? null,
        models: JSON.stringify(wanted.models ?? ['*']),
        limits: JSON.stringify(wanted.limits ?? {}),
        metered: wanted.metered ?? true,
        on_client_gone: wanted.onClientGone ?? 'cancel',
        cache: wanted.cache ?? 'off',
        store_responses: wanted.storeResponses ?? true,
        source: 'api',
        status: 'active',
        expires_at_ms: toInt8(wanted.expiresAtMs),
        created_at_ms: change.nowMs,
        updated_at_ms: change.nowMs,
        revoked_at_ms: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw taken('key', wanted.name);
    const { secret } = await addSecret(change, wanted.name);
    const key = toApiKey(row);
    await change.record({ action: 'key.create', subjectId: key.name, customerId: key.customer, after: key });
    return { key, secret };
  });
}

/** Changes what a key may do. */
export async function updateKey(
  store: ControlStore,
  actor: Actor,
  { name, ...settings }: ApiKeySettings & { readonly name: string },
): Promise<ApiKey> {
  return changeControl(store, actor, async (change) => {
    const before = await lockKey(change, name);
    await checkProject(change, before.customer, settings.project);
    const row = await change.trx
      .updateTable('api_key')
      .set({
        ...(settings.project !== undefined && { project_id: settings.project }),
        ...(settings.models !== undefined && { models: JSON.stringify(settings.models) }),
        ...(settings.limits !== undefined && { limits: JSON.stringify(settings.limits) }),
        ...(settings.metered !== undefined && { metered: settings.metered }),
        ...(settings.onClientGone !== undefined && { on_client_gone: settings.onClientGone }),
        ...(settings.cache !== undefined && { cache: settings.cache }),
        ...(settings.storeResponses !== undefined && { store_responses: settings.storeResponses }),
        ...(settings.expiresAtMs !== undefined && { expires_at_ms: toInt8(settings.expiresAtMs) }),
        updated_at_ms: change.nowMs,
      })
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirstOrThrow();
    const after = toApiKey(row);
    await change.record({ action: 'key.update', subjectId: name, customerId: after.customer, before, after });
    return after;
  });
}

/** Gives a key a new secret; the ones before work until the overlap ends. */
export async function rotateKey(
  store: ControlStore,
  actor: Actor,
  { name, overlapMs }: { readonly name: string; readonly overlapMs: number },
): Promise<MintedKey> {
  if (!Number.isSafeInteger(overlapMs) || overlapMs < 0 || overlapMs > maxOverlapMs) {
    throw invalid('overlapMs', 'must be between 0 and 90 days');
  }
  return changeControl(store, actor, async (change) => {
    const key = await lockKey(change, name);
    const endMs = change.nowMs + BigInt(overlapMs);
    await change.trx
      .updateTable('api_key_secret')
      .set({ expires_at_ms: endMs })
      .where('key_name', '=', name)
      // A second rotation does not extend an overlap that runs.
      .where((row) => row.or([row('expires_at_ms', 'is', null), row('expires_at_ms', '>', endMs)]))
      .execute();
    const { secret, prefix } = await addSecret(change, name);
    const after = { prefix, overlapMs };
    await change.record({ action: 'key.rotate', subjectId: name, customerId: key.customer, after });
    return { key, secret };
  });
}

/** Ends a key for good: every gateway refuses it within a second. */
export async function revokeKey(store: ControlStore, actor: Actor, name: string): Promise<ApiKey> {
  return changeControl(store, actor, async (change) => {
    const before = await lockKey(change, name, true);
    const row = await change.trx
      .updateTable('api_key')
      .set({ status: 'revoked', revoked_at_ms: change.nowMs, updated_at_ms: change.nowMs })
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirstOrThrow();
    await change.record({ action: 'key.revoke', subjectId: name, customerId: before.customer, before });
    return toApiKey(row);
  });
}

/** Lists keys by name, of one customer or of all. */
export async function listKeys(
  store: Pick<ControlStore, 'database'>,
  request: PageRequest & { readonly customer?: string | undefined } = {},
): Promise<Page<ApiKey>> {
  let query = store.database.db
    .selectFrom('api_key')
    .selectAll()
    .where('name', '>', request.after ?? '');
  if (request.customer !== undefined) query = query.where('customer_id', '=', request.customer);
  const rows = await query
    .orderBy('name')
    .limit(pageSize(request) + 1)
    .execute();
  return toPage(rows, request, { item: toApiKey, cursor: ({ name }) => name });
}

/** Finds a key. */
export async function findKey(store: Pick<ControlStore, 'database'>, name: string): Promise<ApiKey | undefined> {
  const row = await store.database.db.selectFrom('api_key').selectAll().where('name', '=', name).executeTakeFirst();
  return row && toApiKey(row);
}

async function lockKey({ trx }: Change, name: string, isForRevoking = false): Promise<ApiKey> {
  const row = await trx.selectFrom('api_key').selectAll().where('name', '=', name).forUpdate().executeTakeFirst();
  if (row === undefined || (row.status === 'revoked' && !isForRevoking)) throw missing('key', name);
  if (row.source === 'yaml') throw ownedByConfig('key', name);
  return toApiKey(row);
}

async function addSecret({ trx, nowMs }: Change, name: string): Promise<MintedSecret> {
  const minted = mintSecret('sk-sy-');
  await trx
    .insertInto('api_key_secret')
    .values({
      digest: minted.digest,
      key_name: name,
      prefix: minted.prefix,
      created_at_ms: nowMs,
      expires_at_ms: null,
    })
    .execute();
  return minted;
}

async function checkProject({ trx }: Change, customer: string, project: string | null | undefined): Promise<void> {
  if (project === undefined || project === null) return;
  const row = await trx
    .selectFrom('project')
    .select('id')
    .where('customer_id', '=', customer)
    .where('id', '=', project)
    .executeTakeFirst();
  if (row === undefined) throw invalid('project', `the customer "${customer}" has no project "${project}"`);
}

function toInt8(value: number | null | undefined): bigint | null {
  return value === undefined || value === null ? null : BigInt(value);
}

function toApiKey(row: Selectable<Tables['api_key']>): ApiKey {
  return {
    name: row.name,
    customer: row.customer_id,
    project: row.project_id ?? undefined,
    models: row.models,
    limits: row.limits,
    metered: row.metered,
    onClientGone: row.on_client_gone,
    cache: row.cache,
    storeResponses: row.store_responses,
    source: row.source,
    status: row.status,
    expiresAtMs: row.expires_at_ms === null ? undefined : Number(row.expires_at_ms),
    createdAtMs: Number(row.created_at_ms),
    updatedAtMs: Number(row.updated_at_ms),
  };
}
