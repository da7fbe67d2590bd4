import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { PeriodicTask } from '../../platform/periodic-task.ts';
import { claimMs, WorkClaim } from '../../platform/work-claim.ts';
import { type Database, extendClaim, isConnectionLost } from '../../storage/index.ts';
import type { FailureBook } from './failure-book.ts';
import type { KeptFailure } from './failure-record.ts';
import type { Fix, FixSpec, FixState } from './fix-record.ts';
import type { FixSubject } from './fix-subject.ts';
import { insertPair, type PairPolicy, pairOf } from './fix-pairs.ts';
import {
  acceptFix,
  beginAttempt,
  type ClaimedFix,
  claimFix,
  findFix,
  finishFix,
  type HeldFix,
  insertAttempt,
  insertFix,
} from './fix-store.ts';
import type { FixAttempt, Fixer, FixOutcome, FixResult } from './fix-types.ts';

/** What fixes need of the product. */
export interface FixServiceDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly workerId: string;
  readonly fixer: Fixer;
  readonly failures: FailureBook;
  newId(prefix: string): string;
  database(): Database | undefined;
  /** Makes a failure ready to be fixed; a Fault says why it cannot be. */
  subjectOf(kept: KeptFailure, spec: FixSpec, database: Database): Promise<FixSubject | Fault>;
  /** Tells routing what somebody thought of a fix. */
  tell(outcome: FixOutcome): Promise<void>;
  pairs(): PairPolicy;
  /** The model that answered an exchange. */
  modelOf(requestId: string): Promise<string | undefined>;
}

/** A wish for a fix. */
export interface WantedFix {
  /** The run's id, the app's name, or the failure's id. */
  readonly of: { readonly id: string } | { readonly subject: string };
  readonly spec: FixSpec;
  readonly requestedBy: string;
}

const idlePollMs = 10_000;
const extendEveryMs = claimMs / 4;

/** Works on fixes one after another; they are kept in the database, and a crash costs at most the question in flight. */
export class FixService {
  readonly #deps: FixServiceDeps;
  readonly #closing = new AbortController();
  readonly #task: PeriodicTask;

  constructor(deps: FixServiceDeps) {
    this.#deps = deps;
    this.#task = new PeriodicTask({
      everyMs: idlePollMs,
      turn: () => this.#work(),
      failed: (error) => deps.logger.error({ err: error }, 'a fix could not be worked on; it is tried again'),
    });
  }

  /** Looks for work from now on. */
  start(): void {
    this.#task.start();
  }

  /** Lets what is being tried end, and leaves the rest to the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#task.stop();
    await this.#deps.failures.settled();
  }

  /** Keeps the wish for a fix; one of the same failure that is at work is answered in its place. */
  async request(database: Pick<Database, 'db'>, wanted: WantedFix): Promise<Fix> {
    const { failures, newId, clock } = this.#deps;
    const kept = await failures.find(wanted.of, database);
    if (kept === undefined) {
      const named = 'id' in wanted.of ? wanted.of.id : wanted.of.subject;
      throw new Fault('not_found', { message: `No failure of ${named} is known: it did not fail, or long ago.` });
    }
    const { failure } = kept;
    if (!failure.canRunAgain) {
      const message = `What failed in ${failure.subject} was too large to be kept, so it cannot be tried again.`;
      throw new Fault('invalid_request', { message });
    }
    await failures.keep(failure.id, database);
    const { kind, subject, customer } = failure;
    const made = { id: newId('fix'), failureId: failure.id, kind, subject, customer, createdAtMs: clock.nowMs() };
    const fix = await insertFix(database, { ...made, spec: wanted.spec, requestedBy: wanted.requestedBy });
    this.#task.nudge();
    return fix;
  }

  /** Notes what a person thought of a fix, and tells routing. */
  async accept(database: Pick<Database, 'db'>, id: string, isAccepted: boolean): Promise<void> {
    const known = await findFix(database, id);
    if (known === undefined) throw new Fault('not_found', { message: `There is no fix ${id}.` });
    const requestId = known.attempts.at(-1)?.requestId;
    if (requestId === undefined || !(await acceptFix(database, id, isAccepted))) {
      throw new Fault('conflict', { message: `${id} fixed nothing (${known.state}), so there is nothing to accept.` });
    }
    const told = { requestId, kind: 'accepted', value: isAccepted ? 1 : 0, source: 'human' } as const;
    const label = isAccepted ? 'human_accepted' : 'human_rejected';
    await this.#deps.tell({ ...told, label, idempotencyKey: `fix:${requestId}:${label}` });
  }

  async #work(): Promise<void> {
    const { clock, workerId: by } = this.#deps;
    const database = this.#deps.database();
    if (database?.isAvailable() !== true) return;
    while (!this.#closing.signal.aborted) {
      const nowMs = clock.nowMs();
      const fix = await claimFix(database, { by, nowMs, untilMs: nowMs + claimMs });
      if (!fix) return;
      await this.#run(database, fix);
    }
  }

  async #run(database: Database, fix: ClaimedFix): Promise<void> {
    const { clock, logger, workerId: by } = this.#deps;
    const held = { id: fix.id, by };
    const nothing = { ...held, reason: null, patch: '', runId: null, version: null, files: undefined };
    const claim = new WorkClaim({
      clock,
      logger,
      id: fix.id,
      everyMs: extendEveryMs,
      extend: () => extendClaim(database, 'fix', { ...held, untilMs: clock.nowMs() + claimMs }),
    });
    try {
      const end = await this.#fix(database, fix, claim);
      // A gateway that goes away, or comes too late, leaves the fix to the next one.
      if (end === undefined) return;
      await finishFix(database, { ...nothing, ...end, atMs: clock.nowMs() });
    } catch (error) {
      if (!(await claim.extend())) return void logger.warn({ err: error, fix: fix.id }, 'a fix was taken up elsewhere');
      if (isConnectionLost(error)) return void logger.warn({ err: error, fix: fix.id }, 'a fix waits for the database');
      logger.error({ err: error, fix: fix.id }, 'a fix failed');
      const detail = Fault.is(error) ? error.message : 'it failed by a defect; the log says more';
      await finishFix(database, { ...nothing, state: 'failed', detail, atMs: clock.nowMs() });
    } finally {
      claim.release();
    }
  }

  async #fix(database: Database, fix: ClaimedFix, claim: WorkClaim): Promise<FixEnd | undefined> {
    const kept = await this.#deps.failures.find({ id: fix.failureId }, database);
    if (kept === undefined) return { state: 'failed', reason: 'not_kept', detail: 'the failure is gone' };
    const subject = await this.#deps.subjectOf(kept, fix.spec, database);
    if (Fault.is(subject)) return { state: 'failed', reason: 'not_kept', detail: subject.message };
    const again = await subject.reproduce();
    const signal = AbortSignal.any([this.#closing.signal, claim.signal]);
    if (signal.aborted) return undefined;
    if (again.kind === 'broken') return { state: 'failed', reason: 'broken', detail: again.reason };
    if (again.kind === 'passed') {
      const detail = 'tried again, it did not fail: nothing was asked of a model';
      return { state: 'unfixed', reason: 'not_reproduced', detail };
    }
    const lost = lostAttempt(fix);
    const held: HeldFix = { id: fix.id, by: this.#deps.workerId };
    if (lost) await insertAttempt(database, held, lost);
    const { files, purpose, secrets } = subject;
    const { maxNanos: capNanos, maxAttempts, protect, payer } = fix.spec;
    const result = await this.#deps.fixer.fix({
      files,
      purpose,
      secrets,
      capNanos,
      maxAttempts,
      protect,
      failure: again.failure,
      payer: { customer: kept.failure.customer ?? undefined, ...payer },
      earlier: [...fix.attempts, ...(lost ? [lost] : [])],
      signal,
      verify: (patched, attempt) => subject.verify(patched, attempt),
      begin: (begun) => beginAttempt(database, held, begun),
      attempted: (attempt) => insertAttempt(database, held, attempt),
    });
    // What is adopted moves an alias: only by who has the fix.
    if (result.reason === 'cancelled' || !(await claim.extend())) return undefined;
    return this.#end(database, { fix, kept, subject, result });
  }

  async #end(
    database: Database,
    {
      fix,
      kept,
      subject,
      result,
    }: {
      readonly fix: Fix;
      readonly kept: KeptFailure;
      readonly subject: FixSubject;
      readonly result: FixResult;
    },
  ): Promise<FixEnd> {
    const { reason, detail, files, patch } = result;
    if (files === undefined) {
      const isOurs = reason === 'broken' || reason === 'no_model' || reason === 'price_unknown';
      return { state: isOurs ? 'failed' : 'unfixed', reason, detail };
    }
    const adopted = await subject.adopt({ ...result, files });
    const { requestId } = kept.failure;
    const authorModel = requestId === null ? undefined : await this.#deps.modelOf(requestId);
    const known = { policy: this.#deps.pairs(), authorModel, nowMs: this.#deps.clock.nowMs() };
    const pair = pairOf({ fix, kept, files: subject.files, result }, known);
    if (pair) await insertPair(database, pair);
    return { state: 'fixed', reason, patch, files: fix.kind === 'run' ? files : undefined, ...adopted };
  }
}

type FixEnd = { readonly state: FixState; readonly reason: Fix['reason']; readonly detail: string | null } & Partial<
  Pick<Parameters<typeof finishFix>[1], 'patch' | 'files' | 'runId' | 'version'>
>;

/** The question that was out when its gateway ended: asked, paid in full for all anybody knows, and without an answer. */
function lostAttempt({ begun, attempts, createdAtMs }: ClaimedFix): FixAttempt | undefined {
  if (begun === null || attempts.some(({ number }) => number === begun.number)) return undefined;
  return {
    ...begun,
    decisionId: null,
    model: '',
    host: '',
    promptDigest: '',
    costNanos: null,
    patch: '',
    refusals: [],
    verdict: 'no_answer',
    checks: [],
    isHidden: false,
    failure: null,
    detail: 'the gateway ended while the question was out',
    startedAtMs: createdAtMs,
    totalMs: 0,
  };
}
