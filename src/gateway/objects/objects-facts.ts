import type { Endpoint, Host, PricedEndpoint } from '../../domain/calls/endpoint.ts';
import type { AttemptFact, AttemptFlag, FinalFact, OpenFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { rate } from '../../domain/rating/rating.ts';
import { type Usage, type UsageBucket, type UsageBuckets, usageBuckets } from '../../domain/rating/usage.ts';
import { faultOfDefect } from '../answers/fault-of-defect.ts';
import { chargeExchange } from '../money/charge-exchange.ts';
import type { ObjectAnswer, ObjectDeps, ObjectRequest } from './objects-request.ts';

/** What an object call is about, for its record. */
export interface RecordedWork {
  readonly operation: 'files' | 'batches';
  /** Models it concerns; empty for none. */
  readonly models: readonly string[];
  readonly host: Host;
}

/** Does work that makes an object at a host, and records it like any other exchange. The making itself is free. */
export async function recorded(
  request: ObjectRequest,
  deps: ObjectDeps,
  { work, run }: { work: RecordedWork; run(): Promise<ObjectAnswer | Fault> },
): Promise<ObjectAnswer | Fault> {
  const { journal, clock, board, logger } = deps;
  const state = journal.state();
  if (!state.accepting) return new Fault('journal_full', { detail: state.reason });
  const { requestId } = request;
  const startedAtMs = clock.nowMs();
  const startedMs = clock.monotonicMs();
  journal.append(openFact({ requestId, startedAtMs, owner: ownerFields(request) }, work));
  board.begin({ requestId, startedAtMs, key: request.key.name, model: work.models.join(','), stream: false });
  const answer = await run().catch((error: unknown) => {
    logger.error({ err: error, requestId }, 'defect while making an object');
    return faultOfDefect(error);
  });
  const fault = Fault.is(answer) ? answer : undefined;
  const ended = { requestId, startedAtMs, totalMs: clock.monotonicMs() - startedMs, owner: ownerFields(request) };
  const [attempt, final] = closingFacts(ended, work, { ...(fault && { fault }), costNanos: '0' });
  board.end(final, [attempt]);
  const durable = journal.commit(attempt, final);
  if (request.key.metered) await durable;
  else durable.catch((error: unknown) => logger.error({ err: error, requestId }, 'facts could not be recorded'));
  return answer;
}

/** One piece of work that a host did later, with the price that rates it. */
export interface RatedWork extends Partial<PricedEndpoint> {
  readonly endpoint: Endpoint | undefined;
  readonly upstreamModel: string;
  /** Absent when it failed, or when the host tells none. */
  readonly usage: Usage | undefined;
  /** Absent on success; 0 when the host told no status. */
  readonly failedStatus: number | undefined;
}

/** All that one ended batch did. */
export interface SettledWork {
  readonly requestId: string;
  readonly owner: OwnerFields;
  readonly host: Host;
  readonly models: readonly string[];
  readonly work: readonly RatedWork[];
}

/** Facts that are made durable together; more would make those of other requests wait. */
const factsAtOnce = 200;

/**
 * Rates and charges what an ended batch did, as one exchange with an attempt for each row. Resolves with the charge
 * when everything is durable.
 */
export async function settleWork(settled: SettledWork, { journal, clock, money }: ObjectDeps): Promise<bigint | null> {
  const { requestId, owner, host, models, work } = settled;
  const startedAtMs = clock.nowMs();
  const begun = { requestId, startedAtMs, owner };
  const attempts = work.map((one, index) => rowFact(one, { ...begun, host, attempt: index + 1 }));
  const [first] = work;
  const model = first?.endpoint && models.length === 1 ? first.endpoint.modelName : models.join(',');
  const plan = money.planOf(owner.customer, startedAtMs);
  const result = { status: 'completed', inBand: false } as const;
  const charge = chargeExchange({ plan, model, job: undefined, attempts, result, saved: undefined });
  const final: FinalFact = {
    type: 'final',
    requestId,
    atMs: startedAtMs,
    status: 'completed',
    httpStatus: 200,
    ...owner,
    model,
    host: host.id,
    upstreamModel: models.join(','),
    attempts: attempts.length,
    usage: sumOf(work),
    costNanos: charge.costNanos === null ? null : charge.costNanos.toString(),
    chargeNanos: charge.chargeNanos === null ? null : charge.chargeNanos.toString(),
    planVersionId: charge.planVersionId,
    absorbedNanos: charge.absorbedNanos === 0n ? undefined : charge.absorbedNanos.toString(),
    cache: 'bypass',
    totalMs: 0,
  };
  journal.append(openFact(begun, { operation: 'batches', models, host }));
  let from = 0;
  for (; from + factsAtOnce < attempts.length; from += factsAtOnce) {
    await journal.commit(...attempts.slice(from, from + factsAtOnce));
  }
  await journal.commit(...attempts.slice(from), final);
  return charge.chargeNanos;
}

function rowFact(
  { endpoint, upstreamModel, usage, failedStatus, price, contract }: RatedWork,
  { requestId, startedAtMs, host, attempt }: Begun & { readonly host: Host; readonly attempt: number },
): AttemptFact {
  const region = endpoint?.region;
  const context = {
    startedAtMs,
    batch: true,
    ...(region !== undefined && { region }),
    ...(contract !== undefined && { contract }),
  };
  const rating = usage && rate(usage, price, context);
  const failedNanos = failedStatus === undefined ? null : 0n;
  const costNanos = rating ? rating.costNanos : failedNanos;
  const flags: AttemptFlag[] = costNanos === null ? ['price_unknown'] : [];
  if (rating?.isAssumed) flags.push('price_assumed');
  return {
    type: 'attempt',
    requestId,
    attempt,
    host: host.id,
    upstreamModel,
    dialect: 'openai-chat',
    startedAtMs,
    totalMs: 0,
    upstreamStatus: failedStatus === 0 ? undefined : failedStatus,
    fault: failedStatus === undefined ? undefined : 'upstream_rejected',
    usage: usage?.buckets,
    usageSource: usage?.source,
    servedTier: usage?.servedTier,
    costNanos: costNanos === null ? null : costNanos.toString(),
    costSource: rating?.costSource === 'reported' ? 'reported' : undefined,
    reportedCostNanos: usage?.reportedCostNanos?.toString(),
    computedCostNanos: rating?.costSource === 'reported' ? rating.computedCostNanos?.toString() : undefined,
    priceVersionId: rating?.priceVersionId,
    contractVersionId: rating?.contractVersionId,
    batch: true,
    region,
    flags,
  };
}

function sumOf(work: readonly RatedWork[]): UsageBuckets | undefined {
  const sum: { -readonly [Bucket in UsageBucket]?: number } = {};
  for (const { usage } of work) {
    for (const bucket of usageBuckets) {
      const units = usage?.buckets[bucket];
      if (units !== undefined) sum[bucket] = (sum[bucket] ?? 0) + units;
    }
  }
  return Object.keys(sum).length === 0 ? undefined : sum;
}

interface OwnerFields {
  readonly key: string;
  readonly customer: string;
  readonly project?: string | undefined;
  readonly endUser?: string | undefined;
}

interface Begun {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly owner: OwnerFields;
}

interface WorkEnd {
  readonly fault?: Fault;
  readonly costNanos: string;
}

function ownerFields({ key }: ObjectRequest): OwnerFields {
  return { key: key.name, customer: key.customer, project: key.project, endUser: key.endUser };
}

function openFact({ requestId, startedAtMs, owner }: Begun, { operation, models }: RecordedWork): OpenFact {
  return {
    type: 'open',
    requestId,
    atMs: startedAtMs,
    ...owner,
    dialect: 'openai-chat',
    operation,
    model: models.join(','),
    stream: false,
    inputEstimateTokens: 0,
  };
}

function closingFacts(
  { requestId, startedAtMs, owner, totalMs }: Begun & { readonly totalMs: number },
  { models, host }: RecordedWork,
  { fault, costNanos }: WorkEnd,
): [AttemptFact, FinalFact] {
  const model = models.join(',');
  const shared = { requestId, host: host.id, upstreamModel: model, costNanos, totalMs };
  const attempt: AttemptFact = {
    ...shared,
    type: 'attempt',
    attempt: 1,
    dialect: 'openai-chat',
    startedAtMs,
    ...(fault && { fault: fault.code }),
    ...(fault?.upstreamStatus !== undefined && { upstreamStatus: fault.upstreamStatus }),
    flags: [],
  };
  const final: FinalFact = {
    ...shared,
    type: 'final',
    atMs: startedAtMs + Math.round(totalMs),
    status: fault ? 'failed' : 'completed',
    httpStatus: fault?.kind.httpStatus ?? 200,
    ...(fault && { fault: fault.code }),
    ...owner,
    model,
    attempts: 1,
    cache: 'bypass',
  };
  return [attempt, final];
}
