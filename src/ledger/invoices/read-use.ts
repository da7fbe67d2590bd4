import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { startOfLocalDay } from '../../domain/money/periods.ts';
import { usageBuckets } from '../../domain/rating/usage.ts';
import type { Tables } from '../../storage/index.ts';
import { unitColumns } from '../projector/sums/use-sum.ts';
import type { OutcomeSum, SpanUse, TermSpan, UseSum } from './invoice-line.ts';

/** Transactions that the projector books from facts. */
const usageKinds = ['usage', 'correction'];

/** Instants of a span of days, half-open. */
export interface Instants {
  readonly startMs: number;
  readonly endMs: number;
}

/** A customer's use in one span of a plan, read from the rollups. */
export async function readSpanUse(
  executor: Kysely<Tables>,
  query: { readonly customer: string; readonly timeZone: string; readonly span: TermSpan },
): Promise<SpanUse> {
  const { customer, timeZone, span } = query;
  const instants = {
    startMs: startOfLocalDay(span.startDay, timeZone),
    endMs: startOfLocalDay(span.endDay, timeZone),
  };
  const use = await readUse(executor, customer, instants);
  const outcomes = await readOutcomes(executor, customer, instants);
  return { span, use, outcomes };
}

/** Requests of which cost or charge is unknown: an invoice without them is not complete. */
export async function countUnpriced(executor: Kysely<Tables>, customer: string, instants: Instants): Promise<bigint> {
  const { rows } = await sql<{ unpriced: bigint | null }>`
    SELECT sum(unpriced) AS unpriced FROM usage_slot
    WHERE customer = ${customer} AND slot_ms >= ${instants.startMs} AND slot_ms < ${instants.endMs}`.execute(executor);
  return rows[0]?.unpriced ?? 0n;
}

/** What wallets have paid of a customer's charges: it is not asked for again. */
export async function readPaidFromCredit(
  executor: Kysely<Tables>,
  customer: string,
  instants: Instants,
): Promise<bigint> {
  const { rows } = await sql<{ paid: bigint | null }>`
    SELECT sum(entry.amount_nanos) AS paid
    FROM ledger_txn txn
    JOIN ledger_entry entry ON entry.txn_id = txn.id
    JOIN ledger_account account ON account.id = entry.account_id
    WHERE txn.customer = ${customer} AND txn.booked_at_ms >= ${instants.startMs} AND txn.booked_at_ms < ${instants.endMs}
      AND account.kind IN ('prepaid', 'promo')
      AND txn.kind IN (${sql.join(usageKinds)})`.execute(executor);
  return rows[0]?.paid ?? 0n;
}

/** A hash over the journal ranges that a customer's use of a time was booked from; null when nothing was. */
export async function hashSegments(
  executor: Kysely<Tables>,
  customer: string,
  instants: Instants,
): Promise<string | null> {
  const { rows } = await sql<{ op_key: string; source_ref: string; digest: string }>`
    SELECT op_key, source_ref, digest FROM ledger_txn
    WHERE customer = ${customer} AND kind IN (${sql.join(usageKinds)}) AND booked_at_ms >= ${instants.startMs} AND booked_at_ms < ${instants.endMs}
    ORDER BY op_key COLLATE "C"`.execute(executor);
  if (rows.length === 0) return null;
  const hash = createHash('sha256');
  for (const row of rows) hash.update(`${row.op_key}\n${row.source_ref}\n${row.digest}\n`);
  return hash.digest('hex');
}

async function readUse(executor: Kysely<Tables>, customer: string, instants: Instants): Promise<UseSum[]> {
  const sums = usageBuckets.map(
    (bucket) => sql`sum(${sql.ref(unitColumns[bucket])}) AS ${sql.ref(unitColumns[bucket])}`,
  );
  const { rows } = await sql<
    { model: string; job: string; requests: bigint; charge_nanos: bigint } & Record<string, bigint>
  >`
    SELECT model, job, sum(requests) AS requests, sum(charge_nanos) AS charge_nanos, ${sql.join(sums)}
    FROM usage_slot
    WHERE customer = ${customer} AND slot_ms >= ${instants.startMs} AND slot_ms < ${instants.endMs}
    GROUP BY model, job ORDER BY model COLLATE "C", job COLLATE "C"`.execute(executor);
  return rows.map((row) => ({
    model: row.model,
    job: row.job,
    requests: row.requests,
    chargeNanos: row.charge_nanos,
    units: Object.fromEntries(usageBuckets.map((bucket) => [bucket, row[unitColumns[bucket]] ?? 0n])),
  }));
}

async function readOutcomes(executor: Kysely<Tables>, customer: string, instants: Instants): Promise<OutcomeSum[]> {
  const { rows } = await sql<{ kind: string; count: bigint; charge: bigint }>`
    SELECT kind, count(*) AS count, sum(charge_nanos) AS charge FROM outcome_charge
    WHERE customer = ${customer} AND at_ms >= ${instants.startMs} AND at_ms < ${instants.endMs}
    GROUP BY kind ORDER BY kind COLLATE "C"`.execute(executor);
  return rows.map(({ kind, count, charge }) => ({ kind, count, chargeNanos: charge }));
}
