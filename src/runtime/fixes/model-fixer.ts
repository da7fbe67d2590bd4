import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { GuestFile } from '../contract.ts';
import { applyPatch, readPatch } from './apply-patch.ts';
import { errorSignature } from './failure-report.ts';
import { fixPrompt, type FixPrompt } from './fix-prompt.ts';
import type {
  FixAnswer,
  FixAttempt,
  Fixer,
  FixOutcome,
  FixQuestion,
  FixReason,
  FixResult,
  FixTask,
  FixVerdict,
} from './fix-types.ts';
import { secretHider } from './hide-secrets.ts';
import { protectedBy } from './protected-paths.ts';
import { diffFiles } from './unified-diff.ts';

/** Most attempts of any fix. */
export const mostAttempts = 3;

/** What a fixer works with. */
export interface ModelFixerDeps {
  readonly clock: Clock;
  newId(prefix: string): string;
  /** Through the gateway like any client, under the job of fixing code. */
  ask(question: FixQuestion): Promise<FixAnswer>;
  /** What a question may cost at most at the dearest model of the job; null when a price is unknown, a Fault without models. */
  ceilingNanos(size: { readonly inputTokens: number; readonly outputTokens: number }): bigint | null | Fault;
  /** Tells routing what an attempt was worth. */
  tell(outcome: FixOutcome): Promise<void>;
  readonly wallMs?: number;
}

const defaultWallMs = 15 * 60_000;
const mostOutputTokens = 8192;
const leastOutputTokens = 512;

interface Progress {
  readonly attempts: FixAttempt[];
  spentNanos: bigint;
  files: readonly GuestFile[] | undefined;
}

/** Fixes programs with models: at most three questions, within a sum of money, each patch tried in a copy. */
export class ModelFixer implements Fixer {
  readonly #deps: ModelFixerDeps;

  constructor(deps: ModelFixerDeps) {
    this.#deps = deps;
  }

  async fix(task: FixTask): Promise<FixResult> {
    const attempts = [...(task.earlier ?? [])];
    const progress: Progress = {
      attempts,
      spentNanos: attempts.reduce((sum, one) => sum + spentOf(one), 0n),
      files: undefined,
    };
    const deadlineMs = this.#deps.clock.monotonicMs() + (this.#deps.wallMs ?? defaultWallMs);
    const most = Math.min(task.maxAttempts ?? mostAttempts, mostAttempts);
    const end = (reason: FixReason, detail: string | null = null): FixResult => ({
      reason,
      isFixed: progress.files !== undefined,
      detail,
      attempts,
      spentNanos: progress.spentNanos,
      files: progress.files,
      patch: progress.files === undefined ? '' : diffFiles(task.files, progress.files),
    });
    while (attempts.length < most) {
      if (task.signal?.aborted === true) return end('cancelled');
      if (this.#deps.clock.monotonicMs() >= deadlineMs) return end('wall');
      if (isRepeated(attempts)) return end('repeated', 'two attempts failed in the same way');
      const prompt = this.#prompt(task, attempts);
      const room = this.#room(prompt, task.capNanos - progress.spentNanos);
      if ('reason' in room) return end(room.reason, room.detail);
      const attempt = await this.#attempt(task, progress, { prompt, ...room });
      await task.attempted?.(attempt);
      if (attempt.verdict === 'passed') return end('fixed');
      if (attempt.verdict === 'broken') return end('broken', attempt.detail);
    }
    return isRepeated(attempts) ? end('repeated', 'two attempts failed in the same way') : end('attempts');
  }

  #prompt({ files, purpose, failure, protect, secrets }: FixTask, earlier: readonly FixAttempt[]): FixPrompt {
    const [isProtected, hide] = [protectedBy(protect), secretHider(secrets)];
    const mark = this.#deps
      .newId('mark')
      .replace(/^mark_/, '')
      .slice(-24);
    return fixPrompt({ files, purpose, failure, earlier, isProtected, hide, mark });
  }

  /** How long the answer may be for the money that is left; the longest that fits, or why none does. */
  #room(
    { sizeBytes }: FixPrompt,
    leftNanos: bigint,
  ):
    | { readonly maxTokens: number; readonly reservedNanos: bigint }
    | { readonly reason: FixReason; readonly detail: string } {
    // Every byte a token: no tokeniser makes more of text than that, so the ceiling holds.
    const inputTokens = sizeBytes + 64;
    for (let outputTokens = mostOutputTokens; outputTokens >= leastOutputTokens; outputTokens /= 2) {
      const ceiling = this.#deps.ceilingNanos({ inputTokens, outputTokens });
      if (Fault.is(ceiling)) return { reason: 'no_model', detail: ceiling.message };
      if (ceiling === null) {
        return { reason: 'price_unknown', detail: 'a model of the job has no known price, so no cap can hold' };
      }
      if (ceiling <= leftNanos) return { maxTokens: outputTokens, reservedNanos: ceiling };
    }
    return { reason: 'cap', detail: 'another attempt could cost more than is left' };
  }

  async #attempt(
    task: FixTask,
    progress: Progress,
    asked: { readonly prompt: FixPrompt; readonly maxTokens: number; readonly reservedNanos: bigint },
  ): Promise<FixAttempt> {
    const { clock, newId } = this.#deps;
    const { prompt, maxTokens, reservedNanos } = asked;
    const [startedAtMs, beganMs] = [clock.nowMs(), clock.monotonicMs()];
    const requestId = newId('req');
    const number = progress.attempts.length + 1;
    await task.begin?.({ number, requestId, reservedNanos });
    const payer = task.payer ?? {};
    const answer = await this.#deps.ask({ requestId, messages: prompt.messages, maxTokens, payer });
    progress.spentNanos += answer.costNanos ?? reservedNanos;
    const tried = await this.#try(task, { answer, prompt, number, requestId });
    if (tried.files !== undefined) progress.files = tried.files;
    const { decisionId, model, host, costNanos } = answer;
    const attempt: FixAttempt = {
      number,
      requestId,
      decisionId,
      model,
      host,
      promptDigest: prompt.digest,
      costNanos,
      reservedNanos,
      ...tried.attempt,
      startedAtMs,
      totalMs: Math.round(clock.monotonicMs() - beganMs),
    };
    progress.attempts.push(attempt);
    await this.#tell(attempt);
    return attempt;
  }

  async #try(
    task: FixTask,
    given: {
      readonly answer: FixAnswer;
      readonly prompt: FixPrompt;
      readonly number: number;
      readonly requestId: string;
    },
  ): Promise<{ readonly attempt: Tried; readonly files?: readonly GuestFile[] }> {
    const { answer, prompt, number, requestId } = given;
    if (answer.fault)
      return { attempt: { ...untried, verdict: 'no_answer', detail: answer.fault.message.slice(0, 2000) } };
    const wanted = readPatch(answer.text);
    const rules = { isProtected: protectedBy(task.protect), partlyShown: prompt.partlyShown };
    const unreadable = { files: undefined, refusals: [{ path: '', reason: 'unreadable' as const }] };
    const { files, refusals } = wanted === undefined ? unreadable : applyPatch(task.files, wanted, rules);
    if (files === undefined) return { attempt: { ...untried, verdict: 'refused', refusals } };
    const patch = diffFiles(task.files, files);
    const verdict = await task.verify(files, { number, requestId });
    const attempt = { ...untried, patch, ...toldBy(verdict) };
    return verdict.kind === 'passed' ? { attempt, files } : { attempt };
  }

  /** A patch that cannot be taken is as worthless as one that does not work; no answer says nothing about the code. */
  async #tell({ requestId, verdict, refusals }: FixAttempt): Promise<void> {
    if (verdict === 'no_answer' || verdict === 'broken') return;
    const label = verdict === 'refused' ? `patch_refused: ${refusals[0]?.reason ?? ''}` : `tests_${verdict}`;
    const idempotencyKey = `fix:${requestId}`;
    const value = verdict === 'passed' ? 1 : 0;
    await this.#deps.tell({ requestId, kind: 'test', value, label, source: 'runtime', idempotencyKey });
  }
}

type Tried = Pick<FixAttempt, 'patch' | 'refusals' | 'verdict' | 'checks' | 'isHidden' | 'failure' | 'detail'>;

const untried: Tried = {
  patch: '',
  refusals: [],
  verdict: 'refused',
  checks: [],
  isHidden: false,
  failure: null,
  detail: null,
};

function toldBy(verdict: FixVerdict): Partial<Tried> & Pick<Tried, 'verdict'> {
  if (verdict.kind === 'broken') return { verdict: 'broken', detail: verdict.reason.slice(0, 2000) };
  if (verdict.kind === 'passed') return { verdict: 'passed', checks: verdict.checks };
  const { checks, failure, isHidden } = verdict;
  return { verdict: 'failed', checks, failure, isHidden };
}

function spentOf({ costNanos, reservedNanos }: FixAttempt): bigint {
  return costNanos ?? reservedNanos;
}

/** What stays the same after two patches is not within reach of a third. */
function isRepeated(attempts: readonly FixAttempt[]): boolean {
  const signatures = attempts.flatMap(({ failure, isHidden }) =>
    failure === null || isHidden ? [] : [errorSignature(failure)],
  );
  return new Set(signatures).size < signatures.length;
}
