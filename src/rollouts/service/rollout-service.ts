import type { Fact, FinalFact, OutcomeFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type {
  AssignedEnd,
  LeftAnswer,
  LeftAnswerPort,
  PromptAssignment,
  RolloutAssignment,
  RolloutPort,
} from '../../gateway/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { PeriodicTask } from '../../platform/periodic-task.ts';
import type { Database } from '../../storage/index.ts';
import { advance, alarmPrefix, isFinished, pause, resume, rollBack } from '../core/advance.ts';
import { assignArm } from '../core/assign-arm.ts';
import { isOfStep, observe, type RolloutObservation } from '../core/observe.ts';
import type { RolloutPlan } from '../core/rollout-plan.ts';
import { openRollout, type RolloutState, shareOf } from '../core/rollout-state.ts';
import { ShadowCopier, type ShadowParts } from '../shadow/shadow-copier.ts';
import { AssignedRequests, type JudgeOutcomes } from './assigned-requests.ts';
import { KnownRollouts } from './known-rollouts.ts';
import { type JobPrompts, readRollouts } from './read-rollouts.ts';
import { RolloutFile } from './rollout-file.ts';
import { changeRollout, insertRollout, type Rollout } from './rollout-store.ts';
import { SeenUnits } from './seen-units.ts';
import { UsualSpeeds } from './usual-speeds.ts';

/** What rollouts need of the product. */
export interface RolloutServiceDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: what is known ends with the process. */
  readonly dataDirectory?: string | undefined;
  readonly judge: JudgeOutcomes;
  /** Unlike that of any other process, also of an earlier one of this gateway. */
  readonly processId: string;
  database(): Database | undefined;
}

/** Observations that are counted together, once. */
interface Batch {
  readonly number: number;
  readonly seen: readonly RolloutObservation[];
}

/** Other gateways see a rollback within this time. */
const beatMs = 1_000;
/** Observations that wait for the database; further ones are dropped. */
const maxObservations = 20_000;
/** Processes whose last batch a rollout remembers. */
const mostProcesses = 64;
const noModels: ReadonlySet<string> = new Set();

/** Keeps rollouts going: assigns requests from memory, collects what is seen, and decides in the database. */
export class RolloutService implements RolloutPort, LeftAnswerPort {
  readonly #deps: RolloutServiceDeps;
  readonly #file: RolloutFile | undefined;
  /** The last one of each job that is about who answers: it decides. */
  #effective = new Map<string, Rollout>();
  /** And the ones of its prompt that were promoted, and the last one. */
  #prompts = new Map<string, JobPrompts>();
  #barred = new Map<string, ReadonlySet<string>>();
  #observations = new Map<string, RolloutObservation[]>();
  /** What is being counted, or may be: after an error nobody knows. */
  readonly #batches = new Map<string, Batch>();
  #lastBatch = 0;
  /** Cost of copies that the database has not counted yet. */
  readonly #pendingNanos = new Map<string, bigint>();
  readonly #known = new KnownRollouts();
  readonly #assigned: AssignedRequests;
  readonly #units = new SeenUnits();
  readonly #speeds = new UsualSpeeds();
  readonly #startedAtMs: number;
  #copier: ShadowCopier | undefined;
  readonly #task: PeriodicTask;
  #isClosing = false;

  constructor(deps: RolloutServiceDeps) {
    this.#deps = deps;
    this.#task = new PeriodicTask({
      everyMs: beatMs,
      turn: () => this.#beat(),
      failed: (error) => deps.logger.warn({ err: error }, 'rollouts could not be read; they stay as they are'),
    });
    this.#file = deps.dataDirectory === undefined ? undefined : new RolloutFile(deps.dataDirectory);
    this.#startedAtMs = deps.clock.nowMs();
    this.#assigned = new AssignedRequests(deps.judge);
  }

  /** Takes what the last run left on the disk: before the database is open, candidates stay where they were. */
  async loadFromDisk(): Promise<void> {
    const known = await this.#file?.read();
    if (known !== undefined && this.#effective.size === 0) this.#take(known);
  }

  /** Makes copies of live requests from now on; before, a shadow sees nothing and says so. */
  useCopies(parts: ShadowParts): void {
    const { clock, logger, judge } = this.#deps;
    const pendingNanos = (rolloutId: string): bigint => this.#pendingNanos.get(rolloutId) ?? 0n;
    const note = (rolloutId: string, seen: RolloutObservation): void => this.note(rolloutId, seen);
    const current = ({ plan }: Rollout): Rollout | undefined => {
      const now = this.#shadowOf(plan.job);
      return now?.plan.id === plan.id ? now : undefined;
    };
    this.#copier = new ShadowCopier({ clock, logger, judge, parts, current, pendingNanos, note });
  }

  /** Beats until it is closed. */
  start(): void {
    this.#task.start();
  }

  /** No copy is begun any more; resolves when what runs has come to its end. */
  async stopCopies(): Promise<void> {
    await this.#copier?.close();
  }

  async close(): Promise<void> {
    await this.#task.stop();
    await this.stopCopies();
    this.#isClosing = true;
    await this.beat();
  }

  /** Before the canary and after a rollback the candidate gets nothing, though it may be among the job's models. */
  assign(job: string, unit: string): RolloutAssignment | undefined {
    const rollout = this.#effective.get(job);
    if (rollout === undefined) return undefined;
    const { id: rolloutId, kind, candidate, model, settings, salt } = rollout.plan;
    const side = assignArm(salt, unit, shareOf(rollout.plan, rollout.state));
    return { rolloutId, kind, candidate, model, settings, unit, ...side };
  }

  prompt(job: string, unit: string): PromptAssignment | undefined {
    const prompts = this.#prompts.get(job);
    if (prompts === undefined) return undefined;
    const { promoted, last } = prompts;
    const { id: rolloutId, kind, candidate, prompt, salt } = last.plan;
    const share = shareOf(last.plan, last.state);
    if (last.state.stage !== 'canary' || share === 0 || prompt === undefined) return { promoted };
    const side = { rolloutId, kind, candidate, unit, ...assignArm(salt, unit, share) };
    return { promoted, tried: { prompt, side } };
  }

  /** Prompts that came into a job for good. */
  promoted(job: string): Pick<PromptAssignment, 'promoted'> {
    return { promoted: this.#prompts.get(job)?.promoted ?? [] };
  }

  barred(job: string): ReadonlySet<string> {
    return this.#barred.get(job) ?? noModels;
  }

  answered(assignment: RolloutAssignment, { final, isRescued }: AssignedEnd): void {
    const { rolloutId, arm, unit, propensity } = assignment;
    const { key, endUser, atMs, job = '' } = final;
    const rollout = this.#lastOf(job).find(({ plan }) => plan.id === rolloutId);
    // Before and after there is only one side: nothing to compare.
    if (rollout?.state.stage !== 'canary') return;
    // Nor was anything drawn of what was on its way when the canary began, or while it was paused.
    if (arm === 'incumbent' && propensity >= 1) return;
    this.#assigned.add(final.requestId, { rolloutId, arm, propensity, job, isRescued, key, endUser, atMs });
    const { plan, state } = rollout;
    const isNew = isOfStep(plan, state, assignment) && this.#units.isNew({ rolloutId, step: state.step }, unit);
    if (isNew) this.note(rolloutId, { type: 'unit', arm, propensity });
    // A client that left says nothing about who answered.
    if (final.status !== 'aborted') this.note(rolloutId, this.#answerOf(assignment, final, isRescued));
  }

  #answerOf(
    { rolloutId, arm, propensity }: RolloutAssignment,
    final: FinalFact,
    isRescued: boolean,
  ): RolloutObservation {
    return {
      type: 'answer',
      arm,
      propensity,
      isError: final.status === 'failed' || isRescued,
      isRescued,
      isRefusal: !isRescued && (final.finishReason === 'refusal' || final.finishReason === 'content-filter'),
      isSlow: this.#speeds.isSlow(rolloutId, arm, final.totalMs),
      costNanos: Number(final.costNanos ?? 0),
    };
  }

  wants(job: string): boolean {
    return this.#shadowOf(job) !== undefined && this.#copier !== undefined;
  }

  left(answer: LeftAnswer): void {
    const rollout = this.#shadowOf(answer.job);
    const { final, result } = answer;
    if (rollout === undefined || final.status !== 'completed') return;
    // What runs on a customer's own account is not ours to repeat on another one.
    if (result.endpoint?.ownAccount === true) return;
    this.#copier?.offer(rollout, answer);
  }

  #shadowOf(job: string): Rollout | undefined {
    return this.#lastOf(job).find(({ state }) => state.stage === 'shadow' && !state.isPaused);
  }

  /** One of them runs at most. */
  #lastOf(job: string): readonly Rollout[] {
    const [routed, told] = [this.#effective.get(job), this.#prompts.get(job)?.last];
    return [...(routed ? [routed] : []), ...(told ? [told] : [])];
  }

  /** Evidence about an answer of either side, told here or at another gateway. */
  told(outcome: OutcomeFact): void {
    // What gateways share is read again from its beginning: what was told before the start was counted before it.
    if ((outcome.receivedAtMs ?? outcome.atMs) < this.#startedAtMs) return this.restore(outcome);
    this.#assigned.note(outcome, this.#deps.clock.nowMs());
  }

  /** What the journal of earlier runs says of requests whose outcomes are still to come. */
  restore(fact: Fact): void {
    const jobs = new Set([...this.#effective.keys(), ...this.#prompts.keys()]);
    const running = new Set([...jobs].flatMap((job) => this.#lastOf(job).map(({ plan }) => plan.id)));
    if (running.size > 0) this.#assigned.restore(fact, (rolloutId) => running.has(rolloutId));
  }

  /** Adds an observation to be counted with the next beat. */
  note(rolloutId: string, seen: RolloutObservation): void {
    const waiting = this.#observations.get(rolloutId);
    if (hasCost(seen)) this.#pendingNanos.set(rolloutId, (this.#pendingNanos.get(rolloutId) ?? 0n) + seen.costNanos);
    if (waiting === undefined) this.#observations.set(rolloutId, [seen]);
    else if (waiting.length < maxObservations || hasCost(seen)) waiting.push(seen);
  }

  /** Starts a rollout with the pairs that are known of it. */
  async create(database: Database, plan: RolloutPlan, pairs: readonly RolloutObservation[]): Promise<Rollout | Fault> {
    const createdAtMs = this.#deps.clock.nowMs();
    const seen = pairs.reduce((state, pair) => observe(plan, state, pair), openRollout(plan, createdAtMs));
    const rollout = { plan, createdAtMs, state: advance(plan, seen, createdAtMs) };
    if (await insertRollout(database, rollout)) return rollout;
    const message = `Job "${plan.job}" has a rollout that is still running; finish it or roll it back first.`;
    return new Fault('conflict', { message });
  }

  /** What people may do to a rollout; undefined for an unknown id. */
  change(
    database: Database,
    id: string,
    how: { readonly action: 'pause' | 'resume' | 'rollback'; readonly by: string },
  ): Promise<Rollout | undefined> {
    const atMs = this.#deps.clock.nowMs();
    return changeRollout(database, id, ({ plan, state }) => {
      if (how.action === 'pause') return { state: pause(state, atMs), atMs };
      if (how.action === 'resume') return { state: resume(plan, state, atMs), atMs };
      return { state: rollBack(plan, state, { atMs, reason: `rolled back by ${how.by}` }), atMs };
    });
  }

  /** Counts what was seen, decides, and learns what other gateways decided. */
  beat(): Promise<void> {
    return this.#task.run();
  }

  async #beat(): Promise<void> {
    for (const { rolloutId, seen } of this.#assigned.settle(this.#deps.clock.nowMs(), this.#isClosing))
      this.note(rolloutId, seen);
    const database = this.#deps.database();
    if (database?.isAvailable() !== true) return;
    await this.#known.read(database, this.#deps.clock.nowMs());
    for (const { plan, state } of this.#known.all) {
      const counted = isFinished(state) ? undefined : await this.#count(database, plan);
      if (counted !== undefined) this.#known.take([counted]);
    }
    this.#take(this.#known.all);
    await this.#file?.write(this.#known.all);
  }

  #take(latest: readonly Rollout[]): void {
    const { effective, prompts, barred } = readRollouts(latest);
    this.#effective = effective;
    this.#prompts = prompts;
    this.#barred = barred;
    const running = new Set(latest.flatMap(({ plan, state }) => (isFinished(state) ? [] : [plan.id])));
    for (const waiting of [this.#observations, this.#batches])
      for (const id of waiting.keys()) if (!running.has(id)) waiting.delete(id);
    this.#units.keepOnly(running);
    this.#speeds.keepOnly(running);
    this.#pendingNanos.clear();
    for (const [id, waiting] of this.#observations) this.#pendingNanos.set(id, costOf(waiting));
    for (const [id, { seen }] of this.#batches)
      this.#pendingNanos.set(id, (this.#pendingNanos.get(id) ?? 0n) + costOf(seen));
  }

  async #count(database: Database, plan: RolloutPlan): Promise<Rollout | undefined> {
    const atMs = this.#deps.clock.nowMs();
    // One that failed comes again as it was: its number says whether it was counted all the same.
    const batch = this.#batches.get(plan.id) ?? this.#nextBatch(plan.id);
    const counted = await changeRollout(database, plan.id, ({ state }) => {
      let next = this.#withBatch(state, batch);
      if (next !== state) for (const one of batch.seen) next = advance(plan, observe(plan, next, one), atMs);
      next = advance(plan, next, atMs);
      this.#report(plan, state, next);
      return { state: next, atMs };
    });
    this.#batches.delete(plan.id);
    return counted;
  }

  #nextBatch(rolloutId: string): Batch {
    const batch = { number: ++this.#lastBatch, seen: this.#observations.get(rolloutId) ?? [] };
    this.#observations.delete(rolloutId);
    this.#batches.set(rolloutId, batch);
    return batch;
  }

  /** The same state when the batch is empty, or was counted. */
  #withBatch(state: RolloutState, { number, seen }: Batch): RolloutState {
    const { processId } = this.#deps;
    const { [processId]: last = 0, ...others } = state.batches;
    if (seen.length === 0 || last >= number) return state;
    const known = Object.entries(others).slice(1 - mostProcesses);
    return { ...state, batches: { ...Object.fromEntries(known), [processId]: number } };
  }

  #report({ id, job }: RolloutPlan, before: RolloutState, { events, stage }: RolloutState): void {
    for (const { reason } of events.slice(before.events.length)) {
      const isAlarm = reason.startsWith(alarmPrefix);
      this.#deps.logger[isAlarm ? 'error' : 'warn']({ rollout: id, job, stage, reason }, 'a rollout moved');
    }
  }
}

function costOf(observations: readonly RolloutObservation[]): bigint {
  return observations.filter(hasCost).reduce((sum, { costNanos }) => sum + costNanos, 0n);
}

/** Money that is spent is never forgotten; there is no more of it than the rollout may spend. */
function hasCost(seen: RolloutObservation): seen is Extract<RolloutObservation, { type: 'shadow' }> {
  return seen.type === 'shadow' && seen.costNanos > 0n;
}
