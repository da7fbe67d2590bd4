import type { AttemptFact, FinalFact, OpenFact } from '../domain/facts.ts';
import { Fault } from '../domain/fault.ts';
import type { UsageBuckets } from '../domain/usage.ts';
import type { Host } from '../domain/endpoint.ts';
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
    return new Fault('internal', { cause: error });
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

/** Records what an ended batch used. Its price is the host's own batch price, which is not known here. */
export function settleBatch(
  batch: { readonly work: RecordedWork; readonly usage: UsageBuckets; readonly owner: OwnerFields },
  { journal, clock, newId }: ObjectDeps,
): Promise<void> {
  const base = { requestId: newId('req'), startedAtMs: clock.nowMs(), owner: batch.owner };
  const end = { usage: batch.usage, costNanos: null };
  journal.append(openFact(base, batch.work));
  return journal.commit(...closingFacts({ ...base, totalMs: 0 }, batch.work, end));
}

interface OwnerFields {
  readonly key: string;
  readonly customer: string;
}

interface Begun {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly owner: OwnerFields;
}

interface WorkEnd {
  readonly fault?: Fault;
  readonly usage?: UsageBuckets;
  readonly costNanos: string | null;
}

function ownerFields({ key }: ObjectRequest): OwnerFields {
  return { key: key.name, customer: key.customer };
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
  { fault, usage, costNanos }: WorkEnd,
): [AttemptFact, FinalFact] {
  const model = models.join(',');
  const shared = { requestId, host: host.id, upstreamModel: model, costNanos, totalMs, ...(usage && { usage }) };
  const attempt: AttemptFact = {
    ...shared,
    type: 'attempt',
    attempt: 1,
    dialect: 'openai-chat',
    startedAtMs,
    ...(fault && { fault: fault.code }),
    ...(fault?.upstreamStatus !== undefined && { upstreamStatus: fault.upstreamStatus }),
    ...(usage && { usageSource: 'provider' }),
    flags: costNanos === null ? ['price_unknown'] : [],
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
