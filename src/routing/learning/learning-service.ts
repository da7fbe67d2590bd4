import type { FinalFact, OutcomeFact } from '../../domain/facts/facts.ts';
import type { Verdict } from '../../domain/outcomes/outcome.ts';
import { totalOutput } from '../../domain/rating/usage.ts';
import type { Clock } from '../../platform/clock.ts';
import { assembleFit, type FitInput } from '../estimate/fit-prompts.ts';
import { learnerDefaults, RoutingLearner } from '../estimate/routing-learner.ts';
import type { RoutingState } from '../estimate/routing-state.ts';
import { ChangeDetector } from '../evidence/change-detector.ts';
import { type KnownModel, priorOf } from '../priors/prior-of.ts';
import { fitInThread, type RunningFit } from './fit-in-thread.ts';
import { OutcomeProjection, type QualityAlarm } from './outcome-projection.ts';
import { stateDigest } from './state-digest.ts';

/** What learning needs of the product. */
export interface LearningParts {
  readonly clock: Clock;
  /** What the outcomes of one exchange say by the rule of its job; absent: the strongest evidence. */
  readonly judge?: ((job: string, outcomes: readonly OutcomeFact[]) => Verdict | undefined) | undefined;
  /** The rule of a job as text: when it changes, what was told of the job is judged again. */
  ruleOf?: ((job: string) => string | undefined) | undefined;
  /** The kind of features that prompts are read by; absent: words. Another kind is another start. */
  readonly featureKind?: number | undefined;
  alarmed?(alarm: QualityAlarm): void;
  /** Learning about single prompts failed; what was learned before goes on. */
  failed?(error: unknown): void;
  /** Learns about single prompts; absent: in a thread of its own. */
  readonly fit?: ((input: FitInput) => RunningFit) | undefined;
}

/** How far learning is, for people. */
export interface LearningStatus {
  readonly stateId: string;
  readonly publishedAtMs: number;
  readonly outcomes: number;
  readonly prompts: number;
  readonly models: number;
  readonly jobs: number;
  readonly alarms: readonly QualityAlarm[];
}

/**
 * Bounds of the memory of learning: outcomes that can be taken back (about 300 bytes each) and prompts with their
 * hashed terms (about 3 KiB each); in all under 200 MiB.
 */
const bounds = { mostOutcomes: 200_000, promptsPerJob: 2000, promptsInAll: 10_000 };
/** Publishing may take at most this share of the time, and so much of it at once. */
const publishShare = 0.05;
const publishBurstMs = 300;
const mostAlarms = 100;
const snapshotsKept = 32;
/** A host that does worse than the model's others counts as failing so much of the time, for so long. */
const hostPenalty = 0.3;
const hostPenaltyMs = 3_600_000;
/** Learning about single prompts starts anew this long after the last time, when outcomes came in between. */
const refitEveryMs = 30_000;
const fewestPrompts = 20;
const upkeepEveryMs = 1000;
const mostRules = 10_000;
/** Up to so many graded answers a prompt, models were not compared on prompts. */
const mostPerPlainPrompt = 1.5;

/**
 * Learns from outcomes and answers decisions from a published snapshot, which never changes. What it knows is a
 * projection of outcome facts: read from the journal at the start, then fed as they come.
 */
export class LearningService {
  readonly #clock: Clock;
  readonly #learner = new RoutingLearner({ ...learnerDefaults, ...bounds });
  readonly #projection: OutcomeProjection;
  readonly #alarms: QualityAlarm[] = [];
  readonly #hostAlarms = new Map<string, number>();
  readonly #kept = new Map<string, RoutingState>();
  /** Outcomes make a model known as well, but only the catalog knows what to expect of it. */
  readonly #hasPrior = new Set<string>();
  #state: RoutingState;
  #publishedAtMs = 0;
  /** Time that publishing took lately, less what its share has allowed since. */
  #takenMs = 0;
  #takenAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #upkeep: NodeJS.Timeout | undefined;
  #isDirty = false;
  #isReplaying = false;
  #fittedAtMs = Number.NEGATIVE_INFINITY;
  #fitting: RunningFit | undefined;
  readonly #fit: (input: FitInput) => RunningFit;
  #fittedOutcomes = 0;
  readonly #ruleOf: (job: string) => string | undefined;
  readonly #failed: (error: unknown) => void;
  readonly #featureKind: number | undefined;
  /** The rule that what was told of a job was judged by. */
  readonly #rules = new Map<string, string | undefined>();

  constructor(parts: LearningParts) {
    this.#clock = parts.clock;
    this.#fit = parts.fit ?? fitInThread;
    this.#ruleOf = (job) => parts.ruleOf?.(job);
    this.#failed = (error) => parts.failed?.(error);
    this.#featureKind = parts.featureKind;
    this.#projection = new OutcomeProjection({
      featureKind: parts.featureKind,
      learner: this.#learner,
      detector: new ChangeDetector(),
      judge: parts.judge,
      alarmed: (alarm) => {
        this.#noteAlarm(alarm);
        parts.alarmed?.(alarm);
      },
    });
    this.#state = this.#published();
  }

  /** What is believed now. */
  get state(): RoutingState {
    return this.#state;
  }

  /** One of the last snapshots, by its id. */
  snapshot(id: string): RoutingState | undefined {
    return this.#kept.get(id);
  }

  /** Whether nothing was said yet about what to expect of a model. */
  isNew(model: string): boolean {
    return !this.#hasPrior.has(model);
  }

  /** Makes models known before anything is learned of them; those known already stay as they are. */
  addModels(models: readonly KnownModel[]): void {
    for (const known of models) {
      if (this.#hasPrior.has(known.model)) continue;
      this.#hasPrior.add(known.model);
      this.#learner.addModel(known.model, priorOf(known));
    }
    // A decision that waits for it is next.
    this.#publish();
  }

  /** Takes in an outcome, ours or another gateway's; a second time it changes nothing. */
  note(fact: OutcomeFact): void {
    const { job } = fact;
    if (job !== undefined && !this.#rules.has(job) && this.#rules.size < mostRules)
      this.#rules.set(job, this.#ruleOf(job));
    if (this.#projection.note(fact)) this.#changed();
  }

  /** Judges the outcomes of jobs again whose rule is not the one that they were judged by. */
  rejudge(): void {
    for (const [job, rule] of this.#rules) {
      const now = this.#ruleOf(job);
      if (now === rule) continue;
      this.#rules.set(job, now);
      if (this.#projection.rejudge(job)) this.#changed();
    }
  }

  /** Length and time of an answer: they teach what a model costs on a job. */
  noteAnswer({ status, job, model, usage, totalMs, cache }: FinalFact): void {
    if (status !== 'completed' || job === undefined || usage === undefined || cache === 'hit') return;
    // Names at a host are the client's to choose: what nobody configured and nobody judged teaches nothing.
    if (!this.#learner.knows(model)) return;
    this.#learner.noteCall({ job, model, outputTokens: totalOutput(usage), latencyMs: totalMs });
    this.#isDirty = true;
  }

  /** Nothing is published between `true` and `false`: reading a journal would publish once per fact. */
  replaying(isReplaying: boolean): void {
    this.#isReplaying = isReplaying;
    if (!isReplaying) this.#publish();
  }

  /** Factor on the reliability of a host whose answers to a model became worse. */
  hostFactor(model: string, host: string): number {
    if (this.#hostAlarms.size === 0) return 1;
    const atMs = this.#hostAlarms.get(`${model}\u0000${host}`);
    return atMs !== undefined && this.#clock.nowMs() - atMs < hostPenaltyMs ? hostPenalty : 1;
  }

  /** Outcomes in all about a job, which tell how far exploration has come. */
  outcomesOf(job: string): number {
    const evidence = this.#state.jobs.get(job)?.evidence;
    return evidence ? evidence.reduce((sum, weight) => sum + weight, 0) : 0;
  }

  /** Scores on prompts of a job that all of the models were graded on, in the order of the models. */
  gradedBy(job: string, models: readonly string[]): readonly Float64Array[] {
    return this.#learner.gradedBy(job, models);
  }

  status(): LearningStatus {
    const { prompts, outcomes } = this.#learner.size;
    const { id, models, jobs } = this.#state;
    const counts = { outcomes, prompts, models: models.length, jobs: jobs.size };
    return { stateId: id, publishedAtMs: this.#publishedAtMs, ...counts, alarms: [...this.#alarms] };
  }

  /** Answers without outcomes teach as well; they are published now and then. */
  start(): void {
    this.#upkeep ??= setInterval(() => {
      this.rejudge();
      if (this.#isDirty) this.#changed();
    }, upkeepEveryMs);
    this.#upkeep.unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#upkeep);
    this.#fitting?.stop();
    this.#fitting = undefined;
  }

  #noteAlarm(alarm: QualityAlarm): void {
    this.#alarms.push(alarm);
    if (this.#alarms.length > mostAlarms) this.#alarms.shift();
    if (alarm.host === undefined) return;
    if (this.#hostAlarms.size >= mostAlarms) this.#hostAlarms.clear();
    this.#hostAlarms.set(`${alarm.model}\u0000${alarm.host}`, alarm.atMs);
  }

  /** At once while publishing is cheap; when it takes long, so seldom that requests do not notice. */
  #changed(): void {
    this.#isDirty = true;
    if (this.#isReplaying || this.#timer !== undefined) return;
    const waitMs = (this.#taken() - publishBurstMs) / publishShare;
    if (waitMs <= 0) return this.#publish();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#publish();
    }, waitMs);
    this.#timer.unref();
  }

  #publish(): void {
    const startedMs = this.#clock.monotonicMs();
    this.#refitIfDue(startedMs);
    this.#state = this.#published();
    this.#isDirty = false;
    this.#takenMs = this.#taken() + this.#clock.monotonicMs() - startedMs;
  }

  #taken(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#takenMs = Math.max(0, this.#takenMs - publishShare * (nowMs - this.#takenAtMs));
    this.#takenAtMs = nowMs;
    return this.#takenMs;
  }

  #published(): RoutingState {
    const nowMs = this.#clock.nowMs();
    const kind = this.#featureKind;
    const believed = { ...this.#learner.snapshot(nowMs), ...(kind !== undefined && { featureKind: kind }) };
    const state = { ...believed, id: stateDigest(believed) };
    this.#publishedAtMs = nowMs;
    this.#kept.delete(state.id);
    this.#kept.set(state.id, state);
    if (this.#kept.size > snapshotsKept) for (const [oldest] of [...this.#kept].slice(0, 1)) this.#kept.delete(oldest);
    return state;
  }

  /** Only prompts that several models were graded on tell more than their job does. */
  #refitIfDue(nowMs: number): void {
    const { prompts, outcomes } = this.#learner.size;
    const isGrown = outcomes > this.#fittedOutcomes * 1.1;
    if (this.#fitting || prompts < fewestPrompts || !isGrown || nowMs - this.#fittedAtMs < refitEveryMs) return;
    const input = this.#learner.fitInput();
    this.#fittedAtMs = nowMs;
    const graded = input.jobs.reduce((sum, job) => sum + job.prompts.reduce((all, one) => all + one.graded, 0), 0);
    if (graded <= mostPerPlainPrompt * prompts) return;
    this.#fittedOutcomes = outcomes;
    const fitting = this.#fit(input);
    this.#fitting = fitting;
    fitting.parts
      .then((parts) => {
        if (this.#fitting !== fitting || !parts) return;
        this.#learner.adoptFit(assembleFit(input, parts));
        this.#isDirty = true;
      })
      // What was fitted before goes on; the next outcomes try again.
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        if (this.#fitting === fitting) this.#fitting = undefined;
      });
  }
}
