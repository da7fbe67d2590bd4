import { sql } from 'kysely';
import type { Config } from '../../config/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { rulesOfConfig } from '../spending/index.ts';
import { type Change, changeControl, type ControlStore, toJson } from './control-store.ts';

type SyncedConfig = Pick<Config, 'organisation' | 'customers' | 'budgets' | 'rateLimits' | 'keys'>;

/** What the file says, as rows. */
interface WantedRows {
  readonly customers: readonly { readonly id: string; readonly row: CustomerColumns }[];
  readonly keys: readonly { readonly name: string; readonly row: KeyColumns }[];
}

interface CustomerColumns {
  readonly display_name: string;
  readonly time_zone: string | null;
  readonly currency: string | null;
  readonly models: readonly string[] | null;
}

interface KeyColumns {
  readonly customer_id: string;
  readonly project_id: string | null;
  readonly models: readonly string[];
  readonly limits: Config['keys'][number]['limits'];
  readonly metered: boolean;
  readonly on_client_gone: 'cancel' | 'drain';
  readonly cache: 'off' | 'deterministic' | 'all';
  readonly store_responses: boolean;
}

const actor = { name: 'switchyard.yaml', role: 'config' } as const;

/**
 * Brings what the configuration file says of customers, keys and limits into the database, where it is read-only.
 * What the file no longer names is revoked. Throws a conflict for a key that the database owns, and changes nothing.
 */
export async function syncConfig(store: ControlStore, config: SyncedConfig): Promise<void> {
  const digest = toJson([rulesOfConfig(config), config.customers, config.keys, config.organisation]);
  if (await isInSync(store, config, digest)) return;
  await changeControl(store, actor, async (change) => {
    await sql`SELECT pg_advisory_xact_lock(7237128888997146478)`.execute(change.trx);
    const wanted = wantedRows(config);
    await refuseTaken(change, config);
    await syncOrganisation(change, config);
    await syncCustomers(change, wanted);
    await syncProjects(change, wanted);
    await syncKeys(change, wanted);
    await syncBudgets(change, config);
    await syncRates(change, config);
    await change.record({ action: 'config.sync', subjectId: 'switchyard.yaml', after: JSON.parse(digest) as unknown });
  });
}

/** Nothing to do when the last file that was brought in is this one: restarts must not look like changes. */
async function isInSync({ database }: ControlStore, config: SyncedConfig, digest: string): Promise<boolean> {
  const last = await database.db
    .selectFrom('audit_entry')
    .select('after')
    .where('action', '=', 'config.sync')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last === undefined || !isSameJson(last.after, JSON.parse(digest))) return false;
  const names = config.keys.map(({ name }) => name);
  if (names.length === 0) return true;
  const taken = await database.db
    .selectFrom('api_key')
    .select('name')
    .where('name', 'in', names)
    .where('source', '=', 'yaml')
    .where('status', '=', 'active')
    .execute();
  return taken.length === names.length;
}

function wantedRows({ customers, keys }: SyncedConfig): WantedRows {
  const named = new Map(customers.map((customer) => [customer.name, customer]));
  const ids = new Set([...named.keys(), ...keys.map(({ customer }) => customer)]);
  return {
    customers: [...ids].sort().map((id) => {
      const { displayName = id, timeZone = null, currency = null, models = null } = named.get(id) ?? {};
      return { id, row: { display_name: displayName, time_zone: timeZone, currency, models } };
    }),
    keys: keys.map((key) => ({
      name: key.name,
      row: {
        customer_id: key.customer,
        project_id: key.project ?? null,
        models: key.models,
        limits: key.limits,
        metered: key.metered,
        on_client_gone: key.onClientGone,
        cache: key.cache,
        store_responses: key.storeResponses,
      },
    })),
  };
}

async function refuseTaken({ trx }: Change, { keys }: SyncedConfig): Promise<void> {
  if (keys.length === 0) return;
  const taken = await trx
    .selectFrom('api_key')
    .select('name')
    .where('source', '=', 'api')
    .where(
      'name',
      'in',
      keys.map(({ name }) => name),
    )
    .executeTakeFirst();
  if (taken === undefined) return;
  throw new Fault('conflict', {
    message: `keys: the name "${taken.name}" belongs to a key that was made through the API; rename one of them.`,
  });
}

async function syncOrganisation({ trx, nowMs }: Change, { organisation }: SyncedConfig): Promise<void> {
  const { name, timeZone, currency } = organisation;
  await trx.updateTable('organisation').set({ name, time_zone: timeZone, currency, updated_at_ms: nowMs }).execute();
}

/** A customer that the API made and a key of the file names stays as it is. */
async function syncCustomers({ trx, nowMs }: Change, { customers }: WantedRows): Promise<void> {
  for (const { id, row } of customers) {
    const columns = { ...row, models: row.models === null ? null : JSON.stringify(row.models), updated_at_ms: nowMs };
    await trx
      .insertInto('customer')
      .values({ id, ...columns, status: 'active', billing: null, source: 'yaml', created_at_ms: nowMs })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(columns).where('customer.source', '=', 'yaml'))
      .execute();
  }
}

/** A project that a key of the file names is there, as one that the API made would be; it stays when the key goes. */
async function syncProjects({ trx, nowMs }: Change, { keys }: WantedRows): Promise<void> {
  for (const { row } of keys) {
    const { customer_id, project_id: id } = row;
    if (id === null) continue;
    const times = { created_at_ms: nowMs, updated_at_ms: nowMs };
    await trx
      .insertInto('project')
      .values({ customer_id, id, display_name: id, status: 'active', ...times })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function syncKeys({ trx, nowMs }: Change, { keys }: WantedRows): Promise<void> {
  const names = keys.map(({ name }) => name);
  for (const { name, row } of keys) {
    const columns = {
      ...row,
      models: JSON.stringify(row.models),
      limits: JSON.stringify(row.limits),
      status: 'active' as const,
      revoked_at_ms: null,
      updated_at_ms: nowMs,
    };
    await trx
      .insertInto('api_key')
      .values({
        name,
        ...columns,
        source: 'yaml',
        expires_at_ms: null,
        created_at_ms: nowMs,
      })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(columns))
      .execute();
  }
  let gone = trx
    .updateTable('api_key')
    .set({ status: 'revoked', revoked_at_ms: nowMs, updated_at_ms: nowMs })
    .where('source', '=', 'yaml')
    .where('status', '=', 'active');
  if (names.length > 0) gone = gone.where('name', 'not in', names);
  await gone.execute();
}

async function syncBudgets({ trx, nowMs }: Change, config: SyncedConfig): Promise<void> {
  const { budgets } = rulesOfConfig(config);
  for (const rule of budgets) {
    await trx
      .insertInto('budget')
      .values({
        id: rule.id,
        scope: rule.scope,
        name: rule.name,
        customer_id: rule.customer ?? null,
        period: rule.period,
        limit_nanos: rule.limitNanos,
        is_hard: rule.isHard,
        time_zone: rule.timeZone ?? null,
        counted_from_ms: nowMs,
        source: 'yaml',
        status: 'active',
        created_at_ms: nowMs,
        updated_at_ms: nowMs,
      })
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet({ limit_nanos: rule.limitNanos, status: 'active' as const, updated_at_ms: nowMs }),
      )
      .execute();
  }
  let gone = trx
    .updateTable('budget')
    .set({ status: 'archived', updated_at_ms: nowMs })
    .where('source', '=', 'yaml')
    .where('status', '=', 'active');
  const ids = budgets.map(({ id }) => id);
  if (ids.length > 0) gone = gone.where('id', 'not in', ids);
  await gone.execute();
}

/** Rate limits count nothing that lasts: they are simply replaced. The file's own keys are limited from the file. */
async function syncRates({ trx, nowMs }: Change, { rateLimits }: SyncedConfig): Promise<void> {
  await trx.deleteFrom('rate_limit').where('source', '=', 'yaml').execute();
  for (const [index, rate] of rateLimits.entries()) {
    await trx
      .insertInto('rate_limit')
      .values({
        id: `yaml:${index}`,
        scope: rate.scope,
        name: rate.name,
        customer_id: rate.customer ?? null,
        requests_per_minute: rate.requestsPerMinute ?? null,
        tokens_per_minute: rate.tokensPerMinute === undefined ? null : BigInt(rate.tokensPerMinute),
        concurrent: rate.concurrent ?? null,
        source: 'yaml',
        created_at_ms: nowMs,
        updated_at_ms: nowMs,
      })
      .execute();
  }
}

/** jsonb does not keep the order of fields. */
function isSameJson(left: unknown, right: unknown): boolean {
  return canonical(left) === canonical(right);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1)))
      : item,
  );
}
