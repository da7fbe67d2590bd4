import { sql } from 'kysely';
import type { Database } from '../../storage/index.ts';
import type { Counter, CounterView } from './counter.ts';
import type { GatewayRun } from './gateway-registry.ts';

/** A counter as the database keeps it, and this run's lease on it. */
export interface LeaseView extends CounterView {
  readonly grantedNanos: bigint;
  /** Leased by runs that stopped beating: it may come back. */
  readonly inDoubtNanos: bigint;
}

interface ViewRow {
  limit_nanos: bigint;
  spent_nanos: bigint;
  leased_nanos: bigint;
  granted_nanos: bigint | null;
  settled_nanos: bigint | null;
  in_doubt_nanos?: bigint;
}

/** Reads a counter, making it if it is new; undefined when there is no such budget any more. */
export async function lookAtCounter(
  database: Database,
  run: GatewayRun,
  counter: Counter,
): Promise<LeaseView | undefined> {
  const { rule, subject, period } = counter;
  if (rule.scope === 'token') await ensureTokenBudget(database, counter);
  await sql`
    INSERT INTO spending_counter (budget_id, subject, period_start_ms)
    SELECT id, ${subject}, ${period.startMs}::bigint FROM budget WHERE id = ${rule.id} AND status = 'active'
    ON CONFLICT DO NOTHING`.execute(database.db);
  const { rows } = await sql<ViewRow>`
    SELECT budget.limit_nanos, counter.spent_nanos, counter.leased_nanos, own.granted_nanos, own.settled_nanos,
      (SELECT coalesce(sum(lease.granted_nanos - lease.settled_nanos), 0)
       FROM budget_lease AS lease JOIN gateway USING (gateway_id, epoch)
       WHERE lease.budget_id = counter.budget_id AND lease.subject = counter.subject
         AND lease.period_start_ms = counter.period_start_ms
         AND (gateway.status <> 'live'
              OR gateway.expires_at_ms < (extract(epoch FROM clock_timestamp()) * 1000)::bigint)) AS in_doubt_nanos
    FROM spending_counter AS counter
    JOIN budget ON budget.id = counter.budget_id
    LEFT JOIN budget_lease AS own ON own.gateway_id = ${run.gatewayId} AND own.epoch = ${run.epoch}
      AND own.budget_id = counter.budget_id AND own.subject = counter.subject
      AND own.period_start_ms = counter.period_start_ms
    WHERE counter.budget_id = ${rule.id} AND counter.subject = ${subject}
      AND counter.period_start_ms = ${period.startMs}::bigint AND budget.status = 'active'`.execute(database.db);
  return rows[0] === undefined ? undefined : toView(rows[0]);
}

/**
 * Leases an amount by one conditional update: it succeeds only while spent + leased stays within the limit and the run
 * is not fenced. Undefined when it does not fit.
 */
export async function grantLease(
  database: Database,
  run: GatewayRun,
  { counter, amountNanos }: { readonly counter: Counter; readonly amountNanos: bigint },
): Promise<LeaseView | undefined> {
  const { rule, subject, period } = counter;
  const { rows } = await sql<ViewRow>`
    WITH live AS (
      SELECT gateway_id, epoch FROM gateway
      WHERE gateway_id = ${run.gatewayId} AND epoch = ${run.epoch} AND status = 'live' FOR SHARE),
    room AS (
      UPDATE spending_counter AS counter SET leased_nanos = counter.leased_nanos + ${amountNanos}::bigint
      FROM budget, live
      WHERE counter.budget_id = ${rule.id} AND counter.subject = ${subject}
        AND counter.period_start_ms = ${period.startMs}::bigint
        AND budget.id = counter.budget_id AND budget.status = 'active'
        AND counter.spent_nanos + counter.leased_nanos + ${amountNanos}::bigint <= budget.limit_nanos
      RETURNING budget.limit_nanos, counter.spent_nanos, counter.leased_nanos),
    own AS (
      INSERT INTO budget_lease AS lease (budget_id, subject, period_start_ms, gateway_id, epoch, granted_nanos)
      SELECT ${rule.id}, ${subject}, ${period.startMs}::bigint, ${run.gatewayId}, ${run.epoch}, ${amountNanos}::bigint
      FROM room
      ON CONFLICT (gateway_id, epoch, budget_id, subject, period_start_ms)
      DO UPDATE SET granted_nanos = lease.granted_nanos + excluded.granted_nanos
      RETURNING granted_nanos, settled_nanos)
    SELECT room.*, own.* FROM room, own`.execute(database.db);
  return rows[0] === undefined ? undefined : toView(rows[0]);
}

/** Returns what is unused; nothing happens when the lease is gone. */
export async function returnLease(
  database: Database,
  run: GatewayRun,
  { counter, amountNanos }: { readonly counter: Counter; readonly amountNanos: bigint },
): Promise<void> {
  const { rule, subject, period } = counter;
  // Every statement locks the counter before its leases.
  await sql`
    WITH locked AS (
      SELECT budget_id, subject, period_start_ms FROM spending_counter
      WHERE budget_id = ${rule.id} AND subject = ${subject} AND period_start_ms = ${period.startMs}::bigint
      FOR UPDATE),
    returned AS (
      UPDATE budget_lease AS lease SET granted_nanos = lease.granted_nanos - ${amountNanos}::bigint
      FROM locked
      WHERE lease.gateway_id = ${run.gatewayId} AND lease.epoch = ${run.epoch}
        AND lease.budget_id = locked.budget_id AND lease.subject = locked.subject
        AND lease.period_start_ms = locked.period_start_ms
        AND lease.granted_nanos - lease.settled_nanos >= ${amountNanos}::bigint
      RETURNING lease.budget_id, lease.subject, lease.period_start_ms)
    UPDATE spending_counter AS counter SET leased_nanos = counter.leased_nanos - ${amountNanos}::bigint
    FROM returned
    WHERE counter.budget_id = returned.budget_id AND counter.subject = returned.subject
      AND counter.period_start_ms = returned.period_start_ms`.execute(database.db);
}

/** Tokens bring their budget along. */
async function ensureTokenBudget(database: Database, { rule }: Counter): Promise<void> {
  await sql`
    INSERT INTO budget (id, scope, name, customer_id, period, limit_nanos, is_hard, counted_from_ms, source, status,
                        created_at_ms, updated_at_ms)
    VALUES (${rule.id}, 'token', ${rule.name}, ${rule.customer ?? null}, 'lifetime', ${rule.limitNanos}, true, 0, 'api',
            'active', 0, 0)
    ON CONFLICT DO NOTHING`.execute(database.db);
}

function toView(row: ViewRow): LeaseView {
  return {
    limitNanos: row.limit_nanos,
    spentNanos: row.spent_nanos,
    leasedNanos: row.leased_nanos,
    grantedNanos: row.granted_nanos ?? 0n,
    settledNanos: row.settled_nanos ?? 0n,
    inDoubtNanos: row.in_doubt_nanos ?? 0n,
  };
}
