import { type Selectable, sql } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import { type BudgetPeriod, isTimeZone, type SpendingScope } from '../spending/index.ts';
import {
  type Actor,
  changeControl,
  type ControlStore,
  missing,
  ownedByConfig,
  type PageRequest,
  pageSize,
} from './control-store.ts';
import { invalid } from './customers.ts';

/** A budget as lists show it. */
export interface Budget {
  readonly id: string;
  readonly scope: Exclude<SpendingScope, 'token' | 'wallet'>;
  readonly name: string;
  readonly customer: string | undefined;
  readonly limitNanos: bigint;
  readonly period: BudgetPeriod;
  readonly isHard: boolean;
  readonly timeZone: string | undefined;
  readonly source: 'api' | 'yaml';
}

/** What one subject has spent of a budget in one period. */
export interface BudgetUse {
  readonly budgetId: string;
  readonly subject: string;
  readonly periodStartMs: number;
  readonly spentNanos: bigint;
  /** Held by running requests, or leased to gateways and not yet used. */
  readonly heldNanos: bigint;
}

/** What a new budget needs. */
export interface BudgetWanted extends Omit<Budget, 'id' | 'source' | 'customer' | 'timeZone'> {
  readonly customer?: string | undefined;
  readonly timeZone?: string | undefined;
}

/** Sets a limit; what was spent before does not count. */
export async function createBudget(store: ControlStore, actor: Actor, wanted: BudgetWanted): Promise<Budget> {
  checkLimit(wanted.limitNanos);
  if (wanted.name === '') throw invalid('name', 'must not be empty');
  if (wanted.timeZone !== undefined && !isTimeZone(wanted.timeZone)) {
    throw invalid('timeZone', `"${wanted.timeZone}" is not an IANA time zone`);
  }
  return changeControl(store, actor, async ({ trx, nowMs, record }) => {
    const row = await trx
      .insertInto('budget')
      .values({
        id: store.newId('budget'),
        scope: wanted.scope,
        name: wanted.name,
        customer_id: wanted.customer ?? null,
        period: wanted.period,
        limit_nanos: wanted.limitNanos,
        is_hard: wanted.isHard,
        time_zone: wanted.timeZone ?? null,
        counted_from_ms: nowMs,
        source: 'api',
        status: 'active',
        created_at_ms: nowMs,
        updated_at_ms: nowMs,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const budget = toBudget(row);
    await record({ action: 'budget.create', subjectId: budget.id, customerId: customerOf(budget), after: budget });
    return budget;
  });
}

/** Changes a limit, or whether it is hard; running requests finish in any case. */
export async function updateBudget(
  store: ControlStore,
  actor: Actor,
  change: { readonly id: string; readonly limitNanos?: bigint | undefined; readonly isHard?: boolean | undefined },
): Promise<Budget> {
  if (change.limitNanos !== undefined) checkLimit(change.limitNanos);
  return changeBudget(store, actor, {
    id: change.id,
    action: 'budget.update',
    set: {
      ...(change.limitNanos !== undefined && { limit_nanos: change.limitNanos }),
      ...(change.isHard !== undefined && { is_hard: change.isHard }),
    },
  });
}

/** Ends a limit; its counters stay for reports. */
export async function archiveBudget(store: ControlStore, actor: Actor, id: string): Promise<Budget> {
  return changeBudget(store, actor, { id, action: 'budget.archive', set: { status: 'archived' } });
}

/** Lists active budgets, those of a customer's own scopes when one is named. */
export async function listBudgets(
  store: Pick<ControlStore, 'database'>,
  request: PageRequest & { readonly customer?: string | undefined } = {},
): Promise<Budget[]> {
  let query = store.database.db
    .selectFrom('budget')
    .selectAll()
    .where('status', '=', 'active')
    .where('scope', 'not in', ['token', 'wallet'])
    .where('id', '>', request.after ?? '');
  const { customer } = request;
  if (customer !== undefined) {
    query = query.where((row) =>
      row.or([
        row('customer_id', '=', customer),
        row.and([row('scope', '=', 'customer'), row('name', '=', customer)]),
        row.and([
          row('scope', '=', 'key'),
          row.exists(
            row
              .selectFrom('api_key')
              .select('api_key.name')
              .whereRef('api_key.name', '=', 'budget.name')
              .where('api_key.customer_id', '=', customer),
          ),
        ]),
      ]),
    );
  }
  const rows = await query.orderBy('id').limit(pageSize(request)).execute();
  return rows.map(toBudget);
}

/** What a budget's subjects have spent, the newest period first. */
export async function budgetUse(store: Pick<ControlStore, 'database'>, budgetId: string): Promise<BudgetUse[]> {
  const { rows } = await sql<{
    subject: string;
    period_start_ms: bigint;
    spent: bigint;
    held: bigint;
  }>`SELECT subject, period_start_ms, spent_nanos AS spent, leased_nanos AS held FROM spending_counter
     WHERE budget_id = ${budgetId} ORDER BY period_start_ms DESC, subject LIMIT 1000`.execute(store.database.db);
  return rows.map((row) => ({
    budgetId,
    subject: row.subject,
    periodStartMs: Number(row.period_start_ms),
    spentNanos: row.spent,
    heldNanos: row.held,
  }));
}

async function changeBudget(
  store: ControlStore,
  actor: Actor,
  {
    id,
    action,
    set,
  }: {
    readonly id: string;
    readonly action: string;
    readonly set: { limit_nanos?: bigint; is_hard?: boolean; status?: 'archived' };
  },
): Promise<Budget> {
  return changeControl(store, actor, async ({ trx, nowMs, record }) => {
    const known = await trx
      .selectFrom('budget')
      .selectAll()
      .where('id', '=', id)
      .where('status', '=', 'active')
      .where('scope', 'not in', ['token', 'wallet'])
      .forUpdate()
      .executeTakeFirst();
    if (known === undefined) throw missing('budget', id);
    if (known.source === 'yaml') throw ownedByConfig('budget', id);
    const row = await trx
      .updateTable('budget')
      .set({ ...set, updated_at_ms: nowMs })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const [before, after] = [toBudget(known), toBudget(row)];
    await record({ action, subjectId: id, customerId: customerOf(after), before, after });
    return after;
  });
}

function checkLimit(limitNanos: bigint): void {
  if (limitNanos < 0n || limitNanos >= 2n ** 63n)
    throw invalid('limitNanos', 'must be between 0 and 9223372036854775807');
}

function customerOf({ scope, name, customer }: Budget): string | undefined {
  return scope === 'customer' && name !== '*' ? name : customer;
}

function toBudget(row: Selectable<Tables['budget']>): Budget {
  if (row.scope === 'token' || row.scope === 'wallet') throw new RangeError(`${row.id} is not a budget of its own`);
  return {
    id: row.id,
    scope: row.scope,
    name: row.name,
    customer: row.customer_id ?? undefined,
    limitNanos: row.limit_nanos,
    period: row.period,
    isHard: row.is_hard,
    timeZone: row.time_zone ?? undefined,
    source: row.source,
  };
}
