import { sql, type Transaction } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import type { SpendingNotice } from './contract.ts';

/** What is charged to one counter by one gateway. */
export interface CounterCharge {
  readonly budgetId: string;
  readonly subject: string;
  readonly periodStartMs: number;
  readonly gatewayId: string;
  /** Everything. */
  nanos: bigint;
  /** What the gateway had reserved: without corrections. */
  leasedNanos: bigint;
}

interface LeaseRow {
  budget_id: string;
  subject: string;
  period_start_ms: bigint;
  gateway_id: string;
  epoch: bigint;
  granted_nanos: bigint;
  settled_nanos: bigint;
}

/** Adds charges to what is spent, and tells which limits were passed by it. Locks the counters in their order. */
export async function postCharges(
  trx: Transaction<Tables>,
  charges: readonly CounterCharge[],
): Promise<SpendingNotice[]> {
  if (charges.length === 0) return [];
  const { rows } = await sql<{
    budget_id: string;
    subject: string;
    spent_nanos: bigint;
    charged: bigint;
    limit_nanos: bigint;
    scope: Tables['budget']['scope'];
    is_hard: boolean;
  }>`
    WITH charge AS (
      SELECT budget_id, subject, period_start_ms, sum(nanos)::bigint AS nanos
      FROM unnest(${charges.map(({ budgetId }) => budgetId)}::text[], ${charges.map(({ subject }) => subject)}::text[],
        ${charges.map(({ periodStartMs }) => periodStartMs)}::bigint[],
        ${charges.map(({ nanos }) => String(nanos))}::bigint[]) AS row (budget_id, subject, period_start_ms, nanos)
      GROUP BY 1, 2, 3),
    posted AS (
      INSERT INTO spending_counter AS counter (budget_id, subject, period_start_ms, spent_nanos)
      SELECT charge.* FROM charge JOIN budget ON budget.id = charge.budget_id ORDER BY 1, 2, 3
      ON CONFLICT (budget_id, subject, period_start_ms)
      DO UPDATE SET spent_nanos = counter.spent_nanos + excluded.spent_nanos
      RETURNING counter.budget_id, counter.subject, counter.period_start_ms, counter.spent_nanos)
    SELECT posted.budget_id, posted.subject, posted.spent_nanos, charge.nanos AS charged,
           budget.limit_nanos, budget.scope, budget.is_hard
    FROM posted JOIN charge USING (budget_id, subject, period_start_ms) JOIN budget ON budget.id = posted.budget_id
    WHERE posted.spent_nanos > budget.limit_nanos AND posted.spent_nanos - charge.nanos <= budget.limit_nanos`.execute(
    trx,
  );
  return rows.map((row) => ({
    kind: row.is_hard ? 'over_limit' : 'soft_limit',
    scope: row.scope,
    subject: row.subject,
    budgetId: row.budget_id,
    amountNanos: row.spent_nanos,
    limitNanos: row.limit_nanos,
  }));
}

/** Takes charges out of the leases that paid for them, the gateway's oldest run first. */
export async function moveLeases(
  trx: Transaction<Tables>,
  charges: readonly CounterCharge[],
): Promise<SpendingNotice[]> {
  const moving = charges.filter(({ leasedNanos }) => leasedNanos > 0n);
  if (moving.length === 0) return [];
  const leases = await lockLeases(trx, moving);
  const notices: SpendingNotice[] = [];
  const moved: { lease: LeaseRow; leasedNanos: bigint }[] = [];
  for (const charge of moving) {
    const { budgetId, subject, periodStartMs, gatewayId } = charge;
    const own = leases.get([budgetId, subject, periodStartMs, gatewayId].join('\n'));
    if (own === undefined) notices.push(...lateSettle(charge));
    else moved.push(...takeFrom(own, charge.leasedNanos));
  }
  await writeLeases(trx, moved);
  return notices;
}

async function lockLeases(
  trx: Transaction<Tables>,
  charges: readonly CounterCharge[],
): Promise<Map<string, LeaseRow[]>> {
  const { rows } = await sql<LeaseRow>`
    SELECT lease.* FROM budget_lease AS lease
    JOIN unnest(${charges.map(({ budgetId }) => budgetId)}::text[], ${charges.map(({ subject }) => subject)}::text[],
        ${charges.map(({ periodStartMs }) => periodStartMs)}::bigint[],
        ${charges.map(({ gatewayId }) => gatewayId)}::text[]) AS charge (budget_id, subject, period_start_ms, gateway_id)
      USING (budget_id, subject, period_start_ms, gateway_id)
    ORDER BY lease.budget_id, lease.subject, lease.period_start_ms, lease.gateway_id, lease.epoch
    FOR UPDATE OF lease`.execute(trx);
  const leases = new Map<string, LeaseRow[]>();
  for (const row of rows) {
    const key = [row.budget_id, row.subject, row.period_start_ms, row.gateway_id].join('\n');
    const list = leases.get(key);
    if (list) list.push(row);
    else leases.set(key, [row]);
  }
  return leases;
}

/** What exceeds every lease was granted by nobody: the last one grows by it, so that its gateway's total agrees. */
function takeFrom(leases: readonly LeaseRow[], nanos: bigint): { lease: LeaseRow; leasedNanos: bigint }[] {
  let leftNanos = nanos;
  const moved = leases.map((lease) => {
    const freeNanos = lease.granted_nanos - lease.settled_nanos;
    const leasedNanos = freeNanos < leftNanos ? freeNanos : leftNanos;
    lease.settled_nanos += leasedNanos;
    leftNanos -= leasedNanos;
    return { lease, leasedNanos };
  });
  const last = leases.at(-1);
  if (last !== undefined && leftNanos > 0n) {
    last.granted_nanos += leftNanos;
    last.settled_nanos += leftNanos;
  }
  return moved;
}

async function writeLeases(
  trx: Transaction<Tables>,
  moved: readonly { lease: LeaseRow; leasedNanos: bigint }[],
): Promise<void> {
  if (moved.length === 0) return;
  await sql`
    WITH move AS (
      SELECT * FROM unnest(
        ${moved.map(({ lease }) => lease.budget_id)}::text[], ${moved.map(({ lease }) => lease.subject)}::text[],
        ${moved.map(({ lease }) => String(lease.period_start_ms))}::bigint[],
        ${moved.map(({ lease }) => lease.gateway_id)}::text[], ${moved.map(({ lease }) => String(lease.epoch))}::bigint[],
        ${moved.map(({ lease }) => String(lease.granted_nanos))}::bigint[],
        ${moved.map(({ lease }) => String(lease.settled_nanos))}::bigint[],
        ${moved.map(({ leasedNanos }) => String(leasedNanos))}::bigint[])
      AS row (budget_id, subject, period_start_ms, gateway_id, epoch, granted_nanos, settled_nanos, leased_nanos)),
    written AS (
      UPDATE budget_lease AS lease SET granted_nanos = move.granted_nanos, settled_nanos = move.settled_nanos
      FROM move
      WHERE lease.gateway_id = move.gateway_id AND lease.epoch = move.epoch AND lease.budget_id = move.budget_id
        AND lease.subject = move.subject AND lease.period_start_ms = move.period_start_ms),
    total AS (
      SELECT budget_id, subject, period_start_ms, sum(leased_nanos)::bigint AS nanos FROM move GROUP BY 1, 2, 3)
    UPDATE spending_counter AS counter SET leased_nanos = counter.leased_nanos - total.nanos
    FROM total
    WHERE counter.budget_id = total.budget_id AND counter.subject = total.subject
      AND counter.period_start_ms = total.period_start_ms`.execute(trx);
}

/** Posted in any case; somebody should hear of it, since the limit may have been given to others meanwhile. */
function lateSettle({ budgetId, subject, leasedNanos }: CounterCharge): SpendingNotice[] {
  return [{ kind: 'late_settle', budgetId, subject, amountNanos: leasedNanos }];
}
