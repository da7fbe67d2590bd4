import { hash } from 'node:crypto';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { type Verdict, verdictOf } from '../../domain/outcomes/outcome.ts';
import { outcomeIdentity } from '../../domain/outcomes/outcome-identity.ts';
import type { LearnedOutcome, RoutingLearner } from '../estimate/routing-learner.ts';
import type { ChangeDetector } from '../evidence/change-detector.ts';
import { decodeFeatures } from '../features/feature-text.ts';
import { InfluenceCap, type Witness } from './influence-cap.ts';

/** A model, or one host of it, does worse than it did. */
export interface QualityAlarm {
  readonly model: string;
  /** Undefined: not known, or the model is worse at all its hosts. */
  readonly host: string | undefined;
  readonly atMs: number;
}

/** What the projection works on. */
export interface ProjectionParts {
  readonly learner: RoutingLearner;
  readonly detector: ChangeDetector;
  /** What the outcomes of one exchange say by the rule of its job; absent: the strongest evidence. */
  readonly judge?: ((job: string, outcomes: readonly OutcomeFact[]) => Verdict | undefined) | undefined;
  /** The kind of features that prompts are compared by; what was kept of another kind teaches its job only. */
  readonly featureKind?: number | undefined;
  alarmed(alarm: QualityAlarm): void;
}

interface Exchange {
  readonly outcomes: Map<string, OutcomeFact>;
  learned: { readonly id: string; readonly witness: Witness; readonly weight: number } | undefined;
  revisions: number;
  job: string;
  /** An answer that a verifier turned down: no client saw it. */
  readonly isDraft: boolean;
}

interface HostTrack {
  count: number;
  /** Mean of actual minus expected, recent ones counting more. */
  residual: number;
  lastMs: number;
}

/** Requests that no job claims teach the global level only. */
const noJob = '~none';
const mostExchanges = 200_000;
const mostPerExchange = 100;
const mostTracks = 20_000;
const trackWeight = 0.15;
/** Outcomes and residual from which another host of the same model counts as unchanged. */
const trackedEnough = 8;
const unchangedResidual = -0.1;
/** Names of models are clients' to choose: outcomes of further ones are not learned from. */
const mostModels = 2000;
const alarmsAfterMs = 86_400_000;

/**
 * Turns outcome facts into what routing learns. A projection: the same facts, in whatever order and however often they
 * come, count each exchange once, by its one verdict; what is taken back is as if it had never been.
 */
export class OutcomeProjection {
  readonly #parts: ProjectionParts;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #cap = new InfluenceCap();
  readonly #tracks = new Map<string, HostTrack>();

  constructor(parts: ProjectionParts) {
    this.#parts = parts;
  }

  /** Takes one fact in; false if it changed nothing. */
  note(fact: OutcomeFact): boolean {
    if (!isUsable(fact)) return false;
    // A draft is an answer of its own: of another model, to the same request.
    const { draft, ...said } = fact;
    const answerId = draft === true ? `${fact.requestId}/${fact.model ?? ''}` : fact.requestId;
    const exchange = this.#exchangeOf(answerId, draft === true);
    const identity = outcomeIdentity(fact);
    if (exchange.outcomes.has(identity) || exchange.outcomes.size >= mostPerExchange) return false;
    exchange.outcomes.set(identity, said);
    return this.#learn(answerId, exchange);
  }

  /** Judges everything told of a job again, because its rule is another one now; false if nothing changed. */
  rejudge(job: string): boolean {
    let isChanged = false;
    for (const [answerId, exchange] of this.#exchanges) {
      if (exchange.job === job && this.#learn(answerId, exchange, { isAgain: true })) isChanged = true;
    }
    return isChanged;
  }

  /**
   * By the rule of the job; where it can say nothing, by the verifier, of drafts and of answers alike: else a model whose
   * failures were seen and whose passes were not would be rated down. Silence about a draft does not acquit it.
   */
  #verdictOn(job: string, outcomes: readonly OutcomeFact[], isDraft: boolean): Verdict | undefined {
    const { judge } = this.#parts;
    const ruled = judge ? judge(job, outcomes) : verdictOf(outcomes);
    if (ruled !== undefined && !isDraft) return ruled;
    const verified = verdictOf(outcomes.filter(({ kind }) => kind === 'verified'));
    return ruled !== undefined && ruled.value <= (verified?.value ?? 1) ? ruled : verified;
  }

  #learn(requestId: string, exchange: Exchange, how: { readonly isAgain?: boolean } = {}): boolean {
    const { learner } = this.#parts;
    const outcomes = [...exchange.outcomes.values()].toSorted(inOrder);
    const about = outcomes.find(({ model }) => model !== undefined);
    const before = exchange.learned;
    const job = about?.job ?? noJob;
    exchange.job = job;
    const verdict = this.#verdictOn(job, outcomes, exchange.isDraft);
    if (before) {
      learner.retract(before.id);
      this.#cap.giveBack(before.witness, before.weight);
      exchange.learned = undefined;
    }
    // After a draft was turned down only hard prompts are left: what comes of them says nothing of the others.
    if (!verdict || about?.model === undefined || about.afterDraft === true) return before !== undefined;
    const { model, key, endUser } = about;
    if (!learner.knows(model) && learner.modelCount >= mostModels) return before !== undefined;
    const atMs = about.receivedAtMs ?? about.atMs;
    const witness: Witness = { job, model, key, endUser, atMs };
    const weight = this.#cap.take(witness, verdict.weight);
    if (weight <= 0) return before !== undefined;
    const id = `${requestId}.${++exchange.revisions}`;
    const taught = {
      id,
      job,
      model,
      score: verdict.value,
      weight,
      atMs: about.atMs,
      ...promptOf(about, this.#parts.featureKind),
    };
    if (!learner.learn(taught)) return before !== undefined;
    exchange.learned = { id, witness, weight };
    // What is judged again is no news of the model.
    if (!before && how.isAgain !== true) this.#watch(about, { model, score: verdict.value, weight: verdict.weight });
    return true;
  }

  /** Only surprises of reliable evidence are summed: weak signals come and go with who sends them. */
  #watch(about: OutcomeFact, { model, score, weight }: { model: string; score: number; weight: number }): void {
    const { expected, host, atMs } = about;
    if (expected === undefined || weight < 0.5) return;
    const stream = `${model}\u0000${host ?? ''}`;
    this.#track(stream, { residual: score - expected, atMs });
    if (!this.#parts.detector.note(stream, { expected, actual: score })) return;
    const isHostOnly = host !== undefined && this.#othersUnchanged(model, stream, atMs);
    if (!isHostOnly) this.#parts.learner.alarm(model);
    this.#parts.alarmed({ model, host: isHostOnly ? host : undefined, atMs });
  }

  #track(stream: string, { residual, atMs }: { residual: number; atMs: number }): void {
    const track = this.#tracks.get(stream) ?? { count: 0, residual: 0, lastMs: atMs };
    track.residual += (residual - track.residual) * Math.max(trackWeight, 1 / (track.count + 1));
    track.count++;
    track.lastMs = atMs;
    if (this.#tracks.size >= mostTracks && !this.#tracks.has(stream)) this.#tracks.clear();
    this.#tracks.set(stream, track);
  }

  /** The same model does well elsewhere: it is the host that changed. */
  #othersUnchanged(model: string, stream: string, atMs: number): boolean {
    for (const [name, { count, residual, lastMs }] of this.#tracks) {
      if (name === stream || !name.startsWith(`${model}\u0000`)) continue;
      if (count >= trackedEnough && residual > unchangedResidual && atMs - lastMs < alarmsAfterMs) return true;
    }
    return false;
  }

  #exchangeOf(requestId: string, isDraft: boolean): Exchange {
    const known = this.#exchanges.get(requestId);
    if (known) return known;
    if (this.#exchanges.size >= mostExchanges) {
      // What it taught stays; it can only not be taken back any more.
      const [oldest] = this.#exchanges.keys();
      if (oldest !== undefined) this.#exchanges.delete(oldest);
    }
    const fresh: Exchange = { outcomes: new Map(), learned: undefined, revisions: 0, job: noJob, isDraft };
    this.#exchanges.set(requestId, fresh);
    return fresh;
  }
}

/** Scores that are none (NaN, infinite, outside 0 to 1) are never taken in, whoever wrote the fact. */
function isUsable({ value, weight }: OutcomeFact): boolean {
  const isShare = (share: number): boolean => share >= 0 && share <= 1;
  return (value === undefined || isShare(value)) && (weight === undefined || isShare(weight));
}

/** By time, so that the verdict does not depend on the order of arrival. */
function inOrder(left: OutcomeFact, right: OutcomeFact): number {
  const byTime = (left.receivedAtMs ?? left.atMs) - (right.receivedAtMs ?? right.atMs);
  if (byTime !== 0) return byTime;
  return outcomeIdentity(left) < outcomeIdentity(right) ? -1 : 1;
}

/** The prompt is known by its features: the same prompt asked of several models is one graded prompt. */
function promptOf({ features }: OutcomeFact, kind: number | undefined): Pick<LearnedOutcome, 'promptId' | 'features'> {
  const read = features === undefined ? undefined : decodeFeatures(features);
  if (!read || features === undefined || read.kind !== kind) return {};
  return { promptId: hash('sha256', features, 'base64url').slice(0, 16), features: read };
}
