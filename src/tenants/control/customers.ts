import type { Selectable } from 'kysely';
import { Fault } from '../../domain/faults/fault.ts';
import type { Tables } from '../../storage/index.ts';
import { isTimeZone } from '../spending/index.ts';
import {
  type Actor,
  type Change,
  changeControl,
  type ControlStore,
  missing,
  type Page,
  type PageRequest,
  pageSize,
  taken,
  toPage,
} from './control-store.ts';

/** Whom the organisation bills. */
export interface Customer {
  readonly id: string;
  readonly displayName: string;
  readonly status: 'active' | 'suspended' | 'closed';
  readonly timeZone: string | undefined;
  readonly currency: string | undefined;
  /** Patterns of models its keys may use at most; undefined allows all. */
  readonly models: readonly string[] | undefined;
  readonly billing: Readonly<Record<string, string>> | undefined;
  readonly source: 'api' | 'yaml';
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What can be changed of a customer; undefined leaves it, null clears it. */
export interface CustomerChange {
  readonly displayName?: string | undefined;
  readonly status?: Customer['status'] | undefined;
  readonly timeZone?: string | null | undefined;
  readonly currency?: string | null | undefined;
  readonly models?: readonly string[] | null | undefined;
  readonly billing?: Readonly<Record<string, string>> | null | undefined;
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Adds a customer. */
export async function createCustomer(
  store: ControlStore,
  actor: Actor,
  customer: CustomerChange & { readonly id: string },
): Promise<Customer> {
  if (!idPattern.test(customer.id)) {
    throw invalid('id', 'must be 1 to 64 letters, digits, dots, dashes or underscores');
  }
  checkChange(customer);
  return changeControl(store, actor, async ({ trx, nowMs, record }) => {
    const row = await trx
      .insertInto('customer')
      .values({
        id: customer.id,
        display_name: customer.displayName ?? customer.id,
        status: customer.status ?? 'active',
        time_zone: customer.timeZone ?? null,
        currency: customer.currency ?? null,
        models: jsonOrNull(customer.models) ?? null,
        billing: jsonOrNull(customer.billing) ?? null,
        source: actor.role === 'config' ? 'yaml' : 'api',
        created_at_ms: nowMs,
        updated_at_ms: nowMs,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw taken('customer', customer.id);
    const made = toCustomer(row);
    await record({ action: 'customer.create', subjectId: made.id, customerId: made.id, after: made });
    return made;
  });
}

/** Changes a customer; suspending one refuses its keys everywhere within a second. */
export async function updateCustomer(
  store: ControlStore,
  actor: Actor,
  { id, ...change }: CustomerChange & { readonly id: string },
): Promise<Customer> {
  checkChange(change);
  return changeControl(store, actor, async (transaction) => {
    const before = await lockCustomer(transaction, id);
    const row = await transaction.trx
      .updateTable('customer')
      .set({
        ...(change.displayName !== undefined && { display_name: change.displayName }),
        ...(change.status !== undefined && { status: change.status }),
        ...(change.timeZone !== undefined && { time_zone: change.timeZone }),
        ...(change.currency !== undefined && { currency: change.currency }),
        ...(change.models !== undefined && { models: jsonOrNull(change.models) ?? null }),
        ...(change.billing !== undefined && { billing: jsonOrNull(change.billing) ?? null }),
        updated_at_ms: transaction.nowMs,
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const after = toCustomer(row);
    await transaction.record({ action: 'customer.update', subjectId: id, customerId: id, before, after });
    return after;
  });
}

/** Finds a customer. */
export async function findCustomer(store: Pick<ControlStore, 'database'>, id: string): Promise<Customer | undefined> {
  const row = await store.database.db.selectFrom('customer').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toCustomer(row);
}

/** Lists customers by id. */
export async function listCustomers(
  store: Pick<ControlStore, 'database'>,
  request: PageRequest = {},
): Promise<Page<Customer>> {
  const rows = await store.database.db
    .selectFrom('customer')
    .selectAll()
    .where('id', '>', request.after ?? '')
    .orderBy('id')
    .limit(pageSize(request) + 1)
    .execute();
  return toPage(rows, request, { item: toCustomer, cursor: ({ id }) => id });
}

/** Locks a customer for a change, or throws that there is none. */
export async function lockCustomer({ trx }: Pick<Change, 'trx'>, id: string): Promise<Customer> {
  const row = await trx.selectFrom('customer').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (row === undefined) throw missing('customer', id);
  return toCustomer(row);
}

function checkChange({ timeZone, currency, displayName }: CustomerChange): void {
  if (displayName !== undefined && displayName.trim() === '') throw invalid('displayName', 'must not be empty');
  if (typeof timeZone === 'string' && !isTimeZone(timeZone)) {
    throw invalid('timeZone', `"${timeZone}" is not an IANA time zone`);
  }
  if (typeof currency === 'string' && !/^[A-Z]{3}$/.test(currency)) {
    throw invalid('currency', 'must be three capital letters');
  }
}

/** The fault of a field that cannot be. */
export function invalid(param: string, message: string): Fault {
  return new Fault('invalid_request', { param, message: `${param}: ${message}` });
}

function jsonOrNull(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}

function toCustomer(row: Selectable<Tables['customer']>): Customer {
  return {
    id: row.id,
    displayName: row.display_name,
    status: row.status,
    timeZone: row.time_zone ?? undefined,
    currency: row.currency ?? undefined,
    models: row.models ?? undefined,
    billing: row.billing ?? undefined,
    source: row.source,
    createdAtMs: Number(row.created_at_ms),
    updatedAtMs: Number(row.updated_at_ms),
  };
}
