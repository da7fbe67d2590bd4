import type { FinalFact, OutcomeFact } from '../../domain/facts.ts';
import { Fault } from '../../domain/fault.ts';
import { verdictOf } from '../../domain/outcome.ts';
import type { RolloutAssignment, RolloutPort } from '../../gateway/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Database } from '../../storage/index.ts';
import { advance, isFinished, pause, resume, rollBack } from '../core/advance.ts';
import { assignArm } from '../core/assign-arm.ts';
import { observe, type RolloutObservation } from '../core/observe.ts';
import type { RolloutPlan } from '../core/rollout-plan.ts';
import { openRollout, shareOf } from '../core/rollout-state.ts';
import { changeRollout, insertRollout, readEffective, type Rollout } from './rollout-store.ts';

/** What rollouts need of the product. */
export interface RolloutServiceDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  database(): Database | undefined;
}

/** Other gateways see a rollback within this time. */
const beatMs = 1_000;
/** Observations and requests remembered for their outcomes; beyond, the oldest are forgotten and count nowhere. */
const maxObservations = 20_000;
const maxRemembered = 100_000;
/** The incumbent's speed is known by its last answers. */
const speedWindow = 200;
const fewestSpeeds = 50;

/** Keeps rollouts going: assigns requests from memory, collects what is seen, and decides in the database. */
export class RolloutService implements RolloutPort {
  readonly #deps: RolloutServiceDeps;
  /** By job. */
  #effective = new Map<string, Rollout>();
  #observations = new Map<string, RolloutObservation[]>();
  readonly #arms = new Map<string, RolloutAssignment>();
  readonly #speeds = new Map<string, number[]>();
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(deps: RolloutServiceDeps) {
    this.#deps = deps;
  }

  /** Beats until it is closed. */
  start(): void {
    this.#timer = setInterval(() => void this.beat(), beatMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.beat();
  }

  /** Before the canary and after a rollback the candidate gets nothing, though it is among the job's models. */
  assign(job: string, unit: string): RolloutAssignment | undefined {
    const rollout = this.#effective.get(job);
    if (rollout === undefined) return undefined;
    const { plan, state } = rollout;
    const share = shareOf(plan, state);
    return { rolloutId: plan.id, candidate: plan.candidate, ...assignArm(plan.salt, unit, share) };
  }

  answered(assignment: RolloutAssignment, final: FinalFact): void {
    const { rolloutId, arm } = assignment;
    if (this.#arms.size >= maxRemembered) {
      const [oldest] = this.#arms.keys();
      if (oldest !== undefined) this.#arms.delete(oldest);
    }
    this.#arms.set(final.requestId, assignment);
    const stage = this.#effective.get(final.job ?? '')?.state.stage;
    // A client that left says nothing about who answered.
    if (stage !== 'canary' || final.status === 'aborted') return;
    this.note(rolloutId, {
      type: 'answer',
      arm,
      isError: final.status === 'failed',
      isRefusal: final.finishReason === 'refusal' || final.finishReason === 'content-filter',
      isSlow: this.#isSlow(assignment, final.totalMs),
      costNanos: Number(final.costNanos ?? 0),
    });
  }

  /** Evidence about an answer of either side. */
  told(outcome: OutcomeFact): void {
    const assignment = this.#arms.get(outcome.requestId);
    const verdict = assignment && verdictOf([outcome]);
    if (assignment === undefined || verdict === undefined) return;
    this.note(assignment.rolloutId, { type: 'outcome', arm: assignment.arm, success: verdict.value });
  }

  /** Adds an observation to be counted with the next beat. */
  note(rolloutId: string, seen: RolloutObservation): void {
    const waiting = this.#observations.get(rolloutId);
    if (waiting === undefined) this.#observations.set(rolloutId, [seen]);
    else if (waiting.length < maxObservations) waiting.push(seen);
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
  async beat(): Promise<void> {
    this.#working ??= this.#beat().finally(() => (this.#working = undefined));
    return this.#working;
  }

  async #beat(): Promise<void> {
    const database = this.#deps.database();
    if (database?.isAvailable() !== true) return;
    try {
      const seen = this.#observations;
      this.#observations = new Map();
      for (const { plan, state } of await readEffective(database)) {
        if (!isFinished(state)) await this.#count(database, plan.id, seen.get(plan.id) ?? []);
      }
      this.#effective = new Map((await readEffective(database)).map((one) => [one.plan.job, one]));
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'rollouts could not be read; they stay as they are');
    }
  }

  async #count(database: Database, id: string, seen: readonly RolloutObservation[]): Promise<void> {
    const atMs = this.#deps.clock.nowMs();
    await changeRollout(database, id, ({ plan, state }) => {
      let next = state;
      for (const one of seen) next = advance(plan, observe(plan, next, one), atMs);
      next = advance(plan, next, atMs);
      if (next.stage !== state.stage) {
        const reason = next.events.at(-1)?.reason;
        this.#deps.logger.warn({ rollout: id, job: plan.job, stage: next.stage, reason }, 'a rollout moved');
      }
      return { state: next, atMs };
    });
  }

  #isSlow({ rolloutId, arm }: RolloutAssignment, totalMs: number): boolean {
    const speeds = this.#speeds.get(rolloutId) ?? [];
    const sorted = speeds.toSorted((left, right) => left - right);
    const limit = sorted[Math.floor(0.95 * sorted.length)];
    if (arm === 'incumbent') {
      speeds.push(totalMs);
      if (speeds.length > speedWindow) speeds.shift();
      this.#speeds.set(rolloutId, speeds);
    }
    return sorted.length >= fewestSpeeds && limit !== undefined && totalMs > limit;
  }
}
