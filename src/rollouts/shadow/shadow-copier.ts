import type { Fault } from '../../domain/faults/fault.ts';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { totalOutput } from '../../domain/rating/usage.ts';
import type { CopiedAnswer, CopyCaller, CopyOrder, FormVerdict, LeftAnswer } from '../../gateway/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { RolloutObservation } from '../core/observe.ts';
import type { RolloutPlan, ShadowPlan } from '../core/rollout-plan.ts';
import type { JudgeOutcomes } from '../service/assigned-requests.ts';
import type { Rollout } from '../service/rollout-store.ts';

/** What copies are made and compared with. */
export interface ShadowParts {
  readonly copy: CopyCaller['copy'];
  /** What a call may cost at most; null when a price is unknown. */
  ceilingNanos(
    model: string,
    size: { readonly inputTokens: number; readonly outputTokens: number },
  ): bigint | null | Fault;
  /** Asks a model which answer is better, in both orders; undefined when there are no texts to compare. */
  judge(
    judge: NonNullable<ShadowPlan['judge']>,
    pair: { readonly candidate: Pick<CopiedAnswer, 'result'>; readonly incumbent: Pick<CopiedAnswer, 'result'> },
    about: ShadowQuestion,
  ): Promise<JudgedPair> | undefined;
  /** Asks the operator's grader; null when it can say nothing. */
  grade(url: string, answer: Pick<CopiedAnswer, 'result'>, about: ShadowQuestion): Promise<number | null>;
  /** Lets routing learn what was found of the candidate. */
  tell(outcome: Omit<OutcomeFact, 'outcomeId' | 'receivedAtMs' | 'postedBy'>): void;
}

/** What a judge said of one pair of answers. */
export interface JudgedPair {
  /** Of the candidate, against the incumbent: 1 better, 0 worse, 0.5 alike or the orders disagree. */
  readonly score: number;
  readonly costNanos: bigint | null;
  /** Whether the judge is without a fault, as far as all its verdicts in the rollout show; until then none counts. */
  readonly isTrusted: boolean;
}

/** The request that two answers are compared on. */
export interface ShadowQuestion {
  readonly job: string;
  /** As the client sent it. */
  readonly body: Buffer;
}

/** What the copier works for. */
export interface ShadowDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly parts: ShadowParts;
  readonly judge: JudgeOutcomes;
  /** The rollout as it is now; undefined when it takes no copies any more. */
  current(rollout: Rollout): Rollout | undefined;
  /** Money noted that the rollout's own count does not hold yet. */
  pendingNanos(rolloutId: string): bigint;
  note(rolloutId: string, seen: RolloutObservation): void;
}

const atOnce = 4;
const mostWaiting = 16;
/** Longest verdict of a judge. */
const judgeTokens = 1024;
const mostUntrusted = 100;
/** Longest answer that a copy without a limit of its own may get, unless the answer that left was half as long. */
const usualOutputTokens = 4096;

interface Waiting {
  readonly rollout: Rollout;
  readonly left: LeftAnswer;
}

/**
 * Copies live requests to a candidate when their answers have left: a few at a time, from a short queue, within the
 * money of the rollout. What finds no place is counted and not made; no request ever waits for a copy.
 */
export class ShadowCopier {
  readonly #deps: ShadowDeps;
  readonly #waiting: Waiting[] = [];
  readonly #reserved = new Map<string, bigint>();
  readonly #running = new Set<Promise<void>>();
  /** Verdicts of judges that were not known to be sound when they came. */
  readonly #untrusted = new Map<string, readonly number[]>();
  #isClosed = false;

  constructor(deps: ShadowDeps) {
    this.#deps = deps;
  }

  /** Takes a request in to be copied, now or in a moment. */
  offer(rollout: Rollout, left: LeftAnswer): void {
    if (this.#isClosed) return;
    if (this.#waiting.length >= mostWaiting) return this.#skip(rollout, 'skipped');
    this.#waiting.push({ rollout, left });
    setImmediate(() => this.#next());
  }

  /** Makes no more copies; resolves when those that run are compared and counted. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.length = 0;
    await Promise.all(this.#running);
  }

  #next(): void {
    while (this.#running.size < atOnce) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const rollout = this.#deps.current(next.rollout);
      if (rollout !== undefined) this.#begin(rollout, next.left);
    }
  }

  #begin(rollout: Rollout, left: LeftAnswer): void {
    const outputTokens = outputLimitOf(left);
    const ceilingNanos = this.#ceilingOf(rollout, left, outputTokens);
    if (ceilingNanos === undefined) return this.#skip(rollout, 'unaffordable');
    this.#reserve(rollout.plan.id, ceilingNanos);
    const running: Promise<void> = this.#copy(rollout, left, { ceilingNanos, outputTokens })
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error, rollout: rollout.plan.id }, 'a shadow copy failed');
        this.#note(rollout, { type: 'shadow', costNanos: ceilingNanos, result: 'missing' });
      })
      .finally(() => {
        this.#reserve(rollout.plan.id, -ceilingNanos);
        this.#running.delete(running);
        this.#next();
      });
    this.#running.add(running);
  }

  /** Undefined when the money does not reach, or when nobody can say how far it would. */
  #ceilingOf({ plan, state }: Rollout, left: LeftAnswer, outputTokens: number): bigint | undefined {
    const { model, prompt } = copyOf(plan, left);
    const sizeBytes = left.received.bytes.length + Buffer.byteLength(prompt?.instructions ?? '');
    const size = {
      inputTokens: 64 + Math.ceil(sizeBytes / 2),
      outputTokens: outputTokens * Math.max(1, left.alternatives),
    };
    const { ceilingNanos } = this.#deps.parts;
    const [copying, judging] = [ceilingNanos(model, size), this.#judgingOf(plan, size)];
    if (typeof copying !== 'bigint' || typeof judging !== 'bigint') return undefined;
    const ceiling = copying + judging;
    const out = (this.#reserved.get(plan.id) ?? 0n) + this.#deps.pendingNanos(plan.id);
    return state.shadowSpentNanos + out + ceiling > plan.shadow.maxNanos ? undefined : ceiling;
  }

  /** Both orders, each with the request and both answers. */
  #judgingOf(
    { shadow: { judge } }: RolloutPlan,
    { inputTokens, outputTokens }: { readonly inputTokens: number; readonly outputTokens: number },
  ): ReturnType<ShadowParts['ceilingNanos']> {
    if (judge === undefined) return 0n;
    const asked = { inputTokens: inputTokens + judge.criterion.length + 2 * outputTokens, outputTokens: judgeTokens };
    const once = this.#deps.parts.ceilingNanos(judge.model, asked);
    return typeof once === 'bigint' ? 2n * once : once;
  }

  #reserve(rolloutId: string, nanos: bigint): void {
    const reserved = (this.#reserved.get(rolloutId) ?? 0n) + nanos;
    if (reserved === 0n) this.#reserved.delete(rolloutId);
    else this.#reserved.set(rolloutId, reserved);
  }

  async #copy(
    rollout: Rollout,
    left: LeftAnswer,
    { ceilingNanos, outputTokens }: { readonly ceilingNanos: bigint; readonly outputTokens: number },
  ): Promise<void> {
    const { plan } = rollout;
    const asked = { job: plan.job, maxOutputTokens: outputTokens };
    const copied = await this.#deps.parts.copy(left.received, { ...asked, ...copyOf(plan, left) });
    if (copied === undefined) return this.#note(rollout, { type: 'shadow', costNanos: 0n, result: 'missing' });
    const { final } = copied;
    // An unknown cost counts as all that was set aside for it.
    const costNanos = final.costNanos === null ? ceilingNanos : BigInt(final.costNanos);
    const result = final.status === 'completed' ? 'copied' : 'missing';
    this.#note(rollout, { type: 'shadow', costNanos, result });
    if (result !== 'copied') return;
    // What is left of the money that was set aside is the judge's.
    await Promise.all([
      this.#compare(rollout, left, copied),
      this.#judgeBoth(rollout, left, { copied, leftNanos: ceilingNanos - costNanos }),
    ]);
  }

  /** Both answers by the same graders, and by the rule of the job. */
  async #compare({ plan }: Rollout, left: LeftAnswer, copied: CopiedAnswer): Promise<void> {
    const { parts, judge } = this.#deps;
    const question = { job: plan.job, body: left.received.bytes };
    const url = plan.shadow.graderUrl;
    const [ours, theirs] = await Promise.all(
      [copied, left].map(async (answer) => {
        const score = url === undefined ? null : await parts.grade(url, answer, question);
        return this.#outcomesOf(plan.job, answer, score);
      }),
    );
    // What a model does with another prompt says nothing of it with the one that it has.
    for (const outcome of plan.kind === 'prompt' ? [] : (ours ?? [])) {
      const idempotencyKey = `${outcome.requestId}/${outcome.kind}`;
      parts.tell({ ...outcome, runId: plan.id, idempotencyKey, key: plan.id });
    }
    const [candidate, incumbent] = [ours, theirs].map((outcomes) => judge(plan.job, outcomes ?? []));
    if (candidate === undefined || incumbent === undefined) return;
    const pair = { candidate: candidate.value, incumbent: incumbent.value };
    this.#deps.note(plan.id, { type: 'pair', source: 'shadow', ...pair });
  }

  /** A judge's view proves nothing, but a candidate that it finds worse need not go on. */
  async #judgeBoth(
    rollout: Rollout,
    left: LeftAnswer,
    { copied, leftNanos }: { readonly copied: CopiedAnswer; readonly leftNanos: bigint },
  ): Promise<void> {
    const { plan } = rollout;
    const { judge } = plan.shadow;
    if (judge === undefined) return;
    const about = { job: plan.job, body: left.received.bytes };
    const judged = await this.#deps.parts.judge(judge, { candidate: copied, incumbent: left }, about);
    if (judged === undefined) return;
    // An unknown cost counts as all that was set aside for it.
    this.#note(rollout, { type: 'shadow', costNanos: judged.costNanos ?? leftNanos, result: 'judged' });
    const verdicts = [...(this.#untrusted.get(plan.id) ?? []), judged.score];
    this.#untrusted.set(plan.id, judged.isTrusted ? [] : verdicts.slice(-mostUntrusted));
    if (!judged.isTrusted) return;
    for (const candidate of verdicts)
      this.#note(rollout, { type: 'pair', source: 'judged', incumbent: 0.5, candidate });
  }

  #outcomesOf(
    job: string,
    { final, verdicts }: { readonly final: CopiedAnswer['final']; readonly verdicts: readonly FormVerdict[] },
    score: number | null,
  ): OutcomeFact[] {
    const { requestId, model, host } = final;
    const seen = [...verdicts, ...(score === null ? [] : [{ kind: 'score', value: score }])];
    return seen.map(({ kind, value }) => ({
      type: 'outcome',
      requestId,
      atMs: this.#deps.clock.nowMs(),
      kind,
      value,
      source: 'shadow',
      job,
      model,
      ...(host !== undefined && { host }),
    }));
  }

  #skip(rollout: Rollout, result: 'skipped' | 'unaffordable'): void {
    this.#note(rollout, { type: 'shadow', costNanos: 0n, result });
  }

  #note({ plan }: Rollout, seen: RolloutObservation): void {
    this.#deps.note(plan.id, seen);
  }
}

/** Whom a copy asks and what it is told: all that the rollout is not about stays as it was for the answer that left. */
function copyOf(
  { kind, candidate, model, prompt }: RolloutPlan,
  { final, prompt: told }: LeftAnswer,
): Pick<CopyOrder, 'model' | 'host' | 'prompt'> {
  if (kind === 'prompt') return { model: final.model, host: final.host, prompt };
  if (kind === 'host') return { model: model ?? '', host: candidate, prompt: told };
  return { model: candidate, prompt: told };
}

/** A longer answer than any that was paid for is cut. */
function outputLimitOf({ maxOutputTokens, result }: LeftAnswer): number {
  const written = result.usage ? totalOutput(result.usage.buckets) : 0;
  return maxOutputTokens ?? Math.max(usualOutputTokens, 2 * written);
}
