import type { DecisionFact, Fact, OutcomeFact } from '../../domain/facts/facts.ts';
import type { Verdict } from '../../domain/outcomes/outcome.ts';
import { outcomeIdentity } from '../../domain/outcomes/outcome-identity.ts';
import { InfluenceCap } from '../../routing/index.ts';
import type { RolloutObservation } from '../core/observe.ts';

/** A request that a rollout assigned to a side. */
export interface AssignedRequest {
  readonly rolloutId: string;
  readonly arm: 'incumbent' | 'candidate';
  /** Exact chance of this side. */
  readonly propensity: number;
  readonly job: string;
  /** Answered by the other side: whatever the answer was worth, the candidate's was worth nothing. */
  readonly isRescued: boolean;
  readonly key: string;
  readonly endUser: string | undefined;
  readonly atMs: number;
}

/** What an assigned request was worth. */
export interface SettledRequest {
  readonly rolloutId: string;
  readonly seen: RolloutObservation;
}

/** What the outcomes of one exchange say by the rule of its job. */
export type JudgeOutcomes = (job: string, outcomes: readonly OutcomeFact[]) => Verdict | undefined;

interface Entry extends AssignedRequest {
  readonly outcomes: Map<string, OutcomeFact>;
  isCounted: boolean;
}

/** Requests remembered for their outcomes; beyond, the oldest are forgotten and count nowhere. */
const mostRequests = 100_000;
const mostOutcomes = 100;
/** What is told of a request within this time of its first outcome counts together with it. */
const settleMs = 2_000;
/** The form that the gateway finds kept is told before anybody can have read the answer. */
const settleFormMs = 60_000;
/** Weaker evidence says too little of one answer to bet on it. */
const leastWeight = 0.5;
/** A judge's view promotes nothing. */
const judgedKind = 'preference';

/**
 * Waits for what assigned requests were worth. A request counts once, by the success rule of its job, however many
 * outcomes tell of it; and one key or end user counts no more than it may in routing. What was counted was bet on:
 * outcomes that come or are taken back later change nothing.
 */
export class AssignedRequests {
  readonly #judge: JudgeOutcomes;
  readonly #known = new Map<string, Entry>();
  /** Requests with outcomes that are not counted yet, by when they will be. */
  readonly #waiting = new Map<string, number>();
  readonly #decided = new Map<string, DecisionFact>();
  readonly #cap = new InfluenceCap();

  constructor(judge: JudgeOutcomes) {
    this.#judge = judge;
  }

  add(requestId: string, request: AssignedRequest): void {
    makeRoom(this.#known);
    this.#known.set(requestId, { ...request, outcomes: new Map(), isCounted: false });
  }

  /** Takes in an outcome, told here or at another gateway; a second time it changes nothing. */
  note(fact: OutcomeFact, nowMs: number): void {
    if (this.#takeIn(fact) === undefined) return;
    const isKeptForm = fact.source === 'gateway' && (fact.value ?? 0) > 0;
    const dueMs = nowMs + (isKeptForm ? settleFormMs : settleMs);
    this.#waiting.set(fact.requestId, Math.min(dueMs, this.#waiting.get(fact.requestId) ?? dueMs));
  }

  /** What became clear by now, or all that is waiting; each request is given once. */
  settle(nowMs: number, isEnd = false): SettledRequest[] {
    const settled: SettledRequest[] = [];
    for (const [requestId, dueMs] of this.#waiting) {
      if (!isEnd && nowMs < dueMs) continue;
      this.#waiting.delete(requestId);
      const entry = this.#known.get(requestId);
      const success = entry && this.#successOf(entry);
      if (entry === undefined || success === undefined) continue;
      settled.push({
        rolloutId: entry.rolloutId,
        seen: { type: 'outcome', arm: entry.arm, propensity: entry.propensity, success },
      });
    }
    return settled;
  }

  /** The entry of an outcome that is new, and may still count. */
  #takeIn(fact: OutcomeFact): Entry | undefined {
    const entry = this.#known.get(fact.requestId);
    // A draft of a cascade is no answer that anybody got.
    if (entry === undefined || entry.isCounted || fact.draft === true) return undefined;
    const identity = outcomeIdentity(fact);
    if (entry.outcomes.size >= mostOutcomes || entry.outcomes.has(identity)) return undefined;
    entry.outcomes.set(identity, fact);
    return entry;
  }

  /** Facts of an earlier run: what could be counted was counted then, what is told from now on counts. */
  restore(fact: Fact, isRunning: (rolloutId: string) => boolean): void {
    if (fact.type === 'decision') {
      if (fact.rollout === undefined || !isRunning(fact.rollout.id)) return;
      // Outside of a canary all get the incumbent.
      if (fact.rollout.arm === 'incumbent' && fact.rollout.propensity >= 1) return;
      makeRoom(this.#decided);
      this.#decided.set(fact.requestId, fact);
      return;
    }
    if (fact.type === 'outcome') {
      const entry = this.#takeIn(fact);
      if (entry !== undefined && this.#verdictOf(entry) !== undefined) this.#close(entry);
      return;
    }
    const decision = fact.type === 'final' ? this.#decided.get(fact.requestId) : undefined;
    if (fact.type !== 'final' || decision?.rollout === undefined) return;
    this.#decided.delete(fact.requestId);
    const { id: rolloutId, arm, propensity } = decision.rollout;
    const { key, endUser, atMs, job = '' } = fact;
    const isRescued = arm === 'candidate' && fact.model !== decision.model;
    this.add(fact.requestId, { rolloutId, arm, propensity, job, isRescued, key, endUser, atMs });
  }

  #successOf(entry: Entry): number | undefined {
    const { job, rolloutId, arm, key, endUser, atMs } = entry;
    const verdict = this.#verdictOf(entry);
    if (verdict === undefined) return undefined;
    this.#close(entry);
    const witness = { job, model: `${rolloutId}/${arm}`, key, endUser, atMs };
    const room = this.#cap.take(witness, 1);
    // A part of a request is none: shrunk towards nothing, a bad one would look better.
    if (room < 1) {
      this.#cap.giveBack(witness, room);
      return undefined;
    }
    return entry.isRescued ? 0 : verdict.value;
  }

  /** Undefined while nothing is known that could be bet on. */
  #verdictOf({ job, outcomes }: Entry): Verdict | undefined {
    const verdict = this.#judge(job, [...outcomes.values()]);
    const isEnough = verdict !== undefined && verdict.weight >= leastWeight && verdict.kind !== judgedKind;
    return isEnough ? verdict : undefined;
  }

  #close(entry: Entry): void {
    entry.isCounted = true;
    entry.outcomes.clear();
  }
}

function makeRoom(map: Map<string, unknown>): void {
  if (map.size < mostRequests) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
