import { sql, type Transaction } from 'kysely';
import type { Tables } from '../../../storage/index.ts';
import type { CorrectionFact } from '../../../domain/facts/facts.ts';
import { type UsageBuckets, usageBuckets } from '../../../domain/rating/usage.ts';
import type { JournalPosition } from '../../../journal/index.ts';
import { chargeEntries, costEntries, type PaidPart } from '../../books/money-events.ts';
import { type Executor, postTransaction } from '../../books/post-transaction.ts';
import type { BatchSums } from '../sums/batch-sums.ts';
import type { BookedAttempt, Booking, ExchangeDimensions } from './booking.ts';
import type { ApplyCharges, BookedCorrection } from '../ports.ts';
import type { PlacedMoneyFact } from '../facts/read-fact.ts';
import { storableJson } from '../exchanges/open-exchanges.ts';
import { adjustExchange } from '../exchanges/recent-exchanges.ts';
import { minuteOf } from '../sums/time-slots.ts';

/** What a batch of corrections works with. */
export interface CorrectionWork {
  readonly executor: Transaction<Tables>;
  readonly gatewayId: string;
  readonly sums: BatchSums;
  readonly applyCharges: ApplyCharges | undefined;
}

/** How the figures of an estimated attempt were booked. */
interface EstimateDimensions {
  readonly exchange: ExchangeDimensions;
  readonly tokenId?: string | undefined;
  readonly isCopy?: boolean;
  readonly attempt: Pick<
    BookedAttempt,
    'host' | 'upstreamModel' | 'startedAtMs' | 'priceVersion' | 'contractVersion' | 'isDelivered'
  > & { readonly isAbsorbed: boolean };
}

interface Estimate {
  readonly request_id: string;
  readonly attempt: number;
  readonly gateway_id: string;
  readonly started_at_ms: bigint;
  readonly dimensions: EstimateDimensions;
  readonly cost_nanos: bigint;
  readonly charge_nanos: bigint;
  readonly units: UsageBuckets;
  readonly is_corrected: boolean;
}

interface StoredCorrection {
  readonly fact: CorrectionFact;
  readonly position: JournalPosition;
}

/** Remembers the first figures of attempts whose usage was estimated: only those can be corrected. */
export async function saveEstimates(
  executor: Executor,
  gatewayId: string,
  estimates: readonly { readonly booking: Booking; readonly bounded: ExchangeDimensions }[],
): Promise<void> {
  const rows = estimates.flatMap(({ booking, bounded }) =>
    booking.attempts
      .filter(({ isEstimated }) => isEstimated)
      .map((attempt) => ({
        request_id: booking.requestId,
        attempt: attempt.attempt,
        gateway_id: gatewayId,
        started_at_ms: booking.startedAtMs,
        dimensions: { ...describe(attempt, bounded), tokenId: booking.tokenId, isCopy: booking.isCopy },
        cost_nanos: (attempt.costNanos ?? 0n).toString(),
        charge_nanos: (booking.chargeNanos ?? 0n).toString(),
        units: attempt.units ?? {},
      })),
  );
  if (rows.length === 0) return;
  await sql`
    INSERT INTO estimated_attempt (request_id, attempt, gateway_id, started_at_ms, dimensions, cost_nanos, charge_nanos,
      units)
    SELECT request_id, attempt, gateway_id, started_at_ms, dimensions, cost_nanos, charge_nanos, units
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(request_id text, attempt integer, gateway_id text,
      started_at_ms bigint, dimensions jsonb, cost_nanos bigint, charge_nanos bigint, units jsonb)
    ON CONFLICT DO NOTHING`.execute(executor);
}

/** What a batch of corrections came to. */
export interface CorrectedBatch {
  readonly booked: readonly BookedCorrection[];
  /** Those that contradict an earlier correction of the same id. */
  readonly contradictions: readonly PlacedMoneyFact<CorrectionFact>[];
}

/** Books the difference that each correction makes; the first figures stay. One that comes before its attempt waits. */
export async function applyCorrections(
  work: CorrectionWork,
  corrections: readonly PlacedMoneyFact<CorrectionFact>[],
  settled: readonly string[],
): Promise<CorrectedBatch> {
  const contradictions: PlacedMoneyFact<CorrectionFact>[] = [];
  const due: StoredCorrection[] = await waitingFor(work.executor, settled);
  for (const correction of corrections) {
    const outcome = await remember(work, correction);
    if (outcome === 'new') due.push(correction);
    if (outcome === 'contradiction') contradictions.push(correction);
  }
  const booked: BookedCorrection[] = [];
  for (const correction of due) {
    const one = await apply(work, correction);
    if (one) booked.push(one);
  }
  return { booked, contradictions };
}

function describe(attempt: BookedAttempt, exchange: ExchangeDimensions): EstimateDimensions {
  const { host, upstreamModel, startedAtMs, priceVersion, contractVersion, isDelivered, absorbedNanos } = attempt;
  return {
    exchange,
    attempt: {
      host,
      upstreamModel,
      startedAtMs,
      priceVersion,
      contractVersion,
      isDelivered,
      isAbsorbed: absorbedNanos > 0n,
    },
  };
}

async function waitingFor(executor: Executor, settled: readonly string[]): Promise<StoredCorrection[]> {
  if (settled.length === 0) return [];
  const { rows } = await sql<{ fact: CorrectionFact; segment: bigint; byte_offset: bigint }>`
    SELECT fact, segment, byte_offset FROM correction WHERE state = 'waiting' AND request_id IN
      (SELECT value FROM json_array_elements_text(${JSON.stringify(settled)}::json))
    ORDER BY at_ms, correction_id`.execute(executor);
  return rows.map(({ fact, segment, byte_offset: offset }) => ({
    fact,
    position: { segment: Number(segment), offset: Number(offset) },
  }));
}

async function remember(
  { executor, gatewayId }: CorrectionWork,
  { fact, position, digest }: PlacedMoneyFact<CorrectionFact>,
): Promise<'new' | 'repeated' | 'contradiction'> {
  const made = await executor
    .insertInto('correction')
    .values({
      correction_id: fact.correctionId,
      gateway_id: gatewayId,
      segment: BigInt(position.segment),
      byte_offset: BigInt(position.offset),
      request_id: fact.requestId,
      attempt: fact.attempt,
      at_ms: BigInt(Math.trunc(fact.atMs)),
      digest: BigInt(digest),
      fact: storableJson(JSON.stringify(fact)),
      state: 'waiting',
      cost_delta_nanos: 0n,
      charge_delta_nanos: 0n,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('correction_id')
    .executeTakeFirst();
  if (made) return 'new';
  const known = await executor
    .selectFrom('correction')
    .select('digest')
    .where('correction_id', '=', fact.correctionId)
    .executeTakeFirst();
  return known?.digest === BigInt(digest) ? 'repeated' : 'contradiction';
}

async function apply(
  work: CorrectionWork,
  { fact, position }: StoredCorrection,
): Promise<BookedCorrection | undefined> {
  const estimate = await findEstimate(work.executor, fact);
  if (!estimate) return undefined;
  const costDelta = BigInt(fact.costNanos) - estimate.cost_nanos;
  const chargeDelta = BigInt(fact.chargeNanos) - estimate.charge_nanos;
  addDifferences(work.sums, { estimate, fact, costDelta, chargeDelta });
  await post(work, { estimate, fact, position, costDelta, chargeDelta });
  await work.executor
    .updateTable('correction')
    .set({ state: 'applied', cost_delta_nanos: costDelta, charge_delta_nanos: chargeDelta })
    .where('correction_id', '=', fact.correctionId)
    .execute();
  await sql`
    UPDATE estimated_attempt SET charge_nanos = ${fact.chargeNanos},
      cost_nanos = CASE WHEN attempt = ${estimate.attempt} THEN ${fact.costNanos}::bigint ELSE cost_nanos END,
      units = CASE WHEN attempt = ${estimate.attempt} THEN ${JSON.stringify(fact.usage)}::jsonb ELSE units END,
      is_corrected = is_corrected OR attempt = ${estimate.attempt}
    WHERE request_id = ${fact.requestId}`.execute(work.executor);
  await adjustExchange(work.executor, fact.requestId, { costNanos: costDelta, chargeNanos: chargeDelta });
  const { exchange, attempt, isCopy = false } = estimate.dimensions;
  return {
    requestId: fact.requestId,
    correctionId: fact.correctionId,
    isCopy,
    dimensions: exchange,
    bookedAtMs: Math.trunc(fact.atMs),
    units: attempt.isDelivered ? difference(fact.usage, estimate.units) : {},
    costNanos: costDelta,
    chargeNanos: chargeDelta,
    source: fact.source,
  };
}

/** The estimate of the attempt, else the one that stands for what a crash cut off. */
async function findEstimate(executor: Executor, fact: CorrectionFact): Promise<Estimate | undefined> {
  const { rows } = await sql<Estimate>`
    SELECT * FROM estimated_attempt WHERE request_id = ${fact.requestId} AND attempt IN (${fact.attempt}, 0)
    ORDER BY attempt DESC FOR UPDATE`.execute(executor);
  return rows[0];
}

interface Difference {
  readonly estimate: Estimate;
  readonly fact: CorrectionFact;
  readonly costDelta: bigint;
  readonly chargeDelta: bigint;
}

function addDifferences(sums: BatchSums, { estimate, fact, costDelta, chargeDelta }: Difference): void {
  const { exchange, attempt } = estimate.dimensions;
  const place = { dimensions: exchange, startedAtMs: Number(estimate.started_at_ms) };
  const isFirst = !estimate.is_corrected;
  const units = difference(fact.usage, estimate.units);
  const amounts = {
    cost_nanos: costDelta,
    absorbed_nanos: attempt.isAbsorbed ? costDelta : 0n,
    estimated_cost_nanos: isFirst ? -estimate.cost_nanos : 0n,
  };
  sums.addUse({ ...place, host: attempt.host }, { amounts });
  sums.addUse(
    { ...place, host: exchange.host },
    {
      units: attempt.isDelivered ? units : undefined,
      counts: { estimated: isFirst ? -1 : 0 },
      amounts: { charge_nanos: chargeDelta, estimated_charge_nanos: isFirst ? -estimate.charge_nanos : 0n },
    },
  );
  sums.addHostUse({ ...place, ...attempt, attemptStartedAtMs: attempt.startedAtMs }, { units, amounts });
}

async function post(
  work: CorrectionWork,
  { estimate, fact, position, costDelta, chargeDelta }: Difference & { readonly position: JournalPosition },
): Promise<void> {
  const { exchange, attempt } = estimate.dimensions;
  const parts = await payersOf(work, { estimate, chargeDelta });
  const entries = [
    ...chargeEntries(exchange.customer, parts),
    ...costEntries(attempt.host, costDelta, attempt.isAbsorbed ? costDelta : 0n),
  ];
  if (entries.length === 0) return;
  await postTransaction(work.executor, {
    kind: 'correction',
    operationKey: `correction/${fact.correctionId}`,
    sourceRef: `${work.gatewayId}/${position.segment}:${position.offset}`,
    bookedAtMs: minuteOf(Number(estimate.started_at_ms)),
    customer: exchange.customer,
    host: attempt.host,
    entries,
    memo: fact.source,
  });
}

/** Less is given back to whoever paid: the parts of a negative difference are negative. */
async function payersOf(
  { executor, applyCharges }: CorrectionWork,
  { estimate, chargeDelta }: { readonly estimate: Estimate; readonly chargeDelta: bigint },
): Promise<readonly PaidPart[]> {
  if (chargeDelta === 0n) return [];
  if (!applyCharges) return [{ kind: 'receivable', amountNanos: chargeDelta }];
  const { customer, key, endUser, job, project, feature } = estimate.dimensions.exchange;
  const [funding] = await applyCharges(executor, [
    {
      exchangeId: estimate.request_id,
      gatewayId: estimate.gateway_id,
      spender: { customer, key, endUser, job, project, feature },
      tokenId: estimate.dimensions.tokenId,
      chargeNanos: chargeDelta,
      startedAtMs: Number(estimate.started_at_ms),
      isCorrection: true,
    },
  ]);
  // Who has no wallet pays, and gets back, on account.
  return funding?.parts ?? [{ kind: 'receivable', amountNanos: chargeDelta }];
}

function difference(now: UsageBuckets, before: UsageBuckets): UsageBuckets {
  return Object.fromEntries(usageBuckets.map((bucket) => [bucket, (now[bucket] ?? 0) - (before[bucket] ?? 0)]));
}
