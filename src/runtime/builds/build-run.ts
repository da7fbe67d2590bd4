import { Fault } from '../../domain/faults/fault.ts';
import type { SourceFile } from '../apps/source-files.ts';
import type { FixTask, FixVerdict } from '../fixes/fix-types.ts';
import { type BuildMessage, buildMessages, retryMessages } from './build-prompt.ts';
import type { BuildServiceDeps } from './build-service.ts';
import type { BuildEvent, BuildQuestion, BuildRecord, BuildRequest, BuildStatus, ModelAnswer } from './build-types.ts';
import { checkBuild } from './check-build.ts';
import type { DeployedApp } from './deploy-app.ts';
import { readFiles } from './read-files.ts';

/** One build and what it is about. */
export interface BuildRunParts {
  readonly buildId: string;
  readonly model: string;
  readonly request: BuildRequest;
  readonly signal: AbortSignal | undefined;
}

/** What was written and tried last. */
interface Draft {
  readonly files: readonly SourceFile[];
  readonly requestId: string;
  readonly answer: string;
  readonly verdict: FixVerdict;
}

/** Ends a build, with a sentence for people. */
class BuildFailure extends Error {}

const mostOutputTokens = 16_384;
const leastOutputTokens = 1024;
const mostRetries = 2;
const simulatedHost = 'sim';

/** One build on its way; every step is told as it is made. */
export class BuildRun {
  readonly #parts: BuildRunParts;
  readonly #deps: BuildServiceDeps;
  readonly #startedAtMs: number;
  readonly #startedMs: number;
  readonly #app: string;
  readonly #questions: BuildQuestion[] = [];
  #spentNanos = 0n;
  #status: BuildStatus = 'building';
  #reason: string | null = null;
  #files: readonly SourceFile[] = [];
  #checks: BuildRecord['checks'] = [];
  #deployed: DeployedApp | undefined;
  #totalMs: number | undefined;

  constructor(parts: BuildRunParts, deps: BuildServiceDeps) {
    this.#parts = parts;
    this.#deps = deps;
    this.#startedAtMs = deps.clock.nowMs();
    this.#startedMs = deps.clock.monotonicMs();
    this.#app = parts.request.app ?? nameFor(parts.request.wish, parts.buildId);
  }

  /** The build as it is now. */
  record(): BuildRecord {
    const { buildId, request } = this.#parts;
    const { wish, customer, capNanos } = request;
    return {
      buildId,
      status: this.#status,
      reason: this.#reason,
      wish,
      app: this.#app,
      customer,
      questions: this.#questions,
      isSimulated: this.#questions.some(({ host }) => host === simulatedHost),
      files: this.#files.map(({ path, bytes }) => ({ path, sizeBytes: bytes.length })),
      checks: this.#checks,
      spentNanos: this.#spentNanos.toString(),
      capNanos: capNanos.toString(),
      version: this.#deployed?.version ?? null,
      path: this.#deployed?.path ?? null,
      url: this.#deployed?.url ?? null,
      startedAtMs: this.#startedAtMs,
      totalMs: this.#totalMs ?? Math.round(this.#deps.clock.monotonicMs() - this.#startedMs),
    };
  }

  /** The record at the end; a build that nobody listens to any more is called off. */
  end(): BuildRecord {
    if (this.#status === 'building') this.#over('cancelled', 'Whoever asked has left.');
    return this.record();
  }

  async *events(): AsyncGenerator<BuildEvent> {
    const { buildId, model, request } = this.#parts;
    yield { type: 'started', buildId, app: this.#app, model };
    try {
      let draft = yield* this.#draft(buildMessages(request.wish), 'build');
      for (let retry = 0; draft.verdict.kind === 'failed' && retry < mostRetries; retry++) {
        draft = yield* this.#mend(draft);
      }
      if (draft.verdict.kind === 'broken') throw new BuildFailure(`It could not be checked: ${draft.verdict.reason}`);
      if (draft.verdict.kind === 'failed') throw new BuildFailure(`It did not pass: ${problemOf(draft.verdict)}`);
      if (!request.isDeployed) return this.#over('built', null);
      yield* this.#deploy(draft.files);
    } catch (error) {
      if (this.#parts.signal?.aborted === true) return this.#over('cancelled', 'Whoever asked has left.');
      const isTold = error instanceof BuildFailure || Fault.is(error);
      this.#over('failed', isTold ? error.message : 'The build failed on our side.');
      if (!isTold) throw error;
    }
  }

  #over(status: BuildStatus, reason: string | null): void {
    this.#status = status;
    this.#reason = reason;
    this.#totalMs = Math.round(this.#deps.clock.monotonicMs() - this.#startedMs);
  }

  async *#draft(messages: readonly BuildMessage[], kind: 'build' | 'retry'): AsyncGenerator<BuildEvent, Draft> {
    const { requestId, answer } = await this.#ask(messages, kind);
    const question = this.#questions.at(-1);
    if (question) yield { type: 'asked', ...question };
    if (answer.fault) throw new BuildFailure(`The model gave no answer: ${answer.fault.message}`);
    const files = readFiles(answer.text);
    if (typeof files === 'string') {
      yield { type: 'checked', checks: [], problem: files };
      return { files: [], requestId, answer: answer.text, verdict: unreadable(files) };
    }
    return yield* this.#check({ files, requestId, answer: answer.text });
  }

  async *#check(written: Omit<Draft, 'verdict'>): AsyncGenerator<BuildEvent, Draft> {
    this.#files = written.files;
    yield { type: 'written', files: this.record().files };
    const verdict = await this.#verify(written.files, written.requestId);
    if (verdict.kind !== 'broken') {
      this.#checks = verdict.checks.map(({ name, hasPassed }) => ({ name, hasPassed }));
    }
    yield { type: 'checked', checks: this.#checks, problem: problemOf(verdict) };
    return { ...written, verdict };
  }

  #verify(files: readonly SourceFile[], requestId: string): Promise<FixVerdict> {
    const { customer } = this.#parts.request;
    const { signal } = this.#parts;
    return checkBuild({ files, requestId, customer: customer ?? 'default', signal }, this.#deps.runner);
  }

  /** Has the fixer patch it; where none can, its model writes it again. */
  async *#mend(draft: Draft): AsyncGenerator<BuildEvent, Draft> {
    this.#stopIfLeft();
    const { files, answer, verdict } = draft;
    if (verdict.kind !== 'failed') return draft;
    const fixer = files.length === 0 ? undefined : this.#deps.fixer();
    const fixed = fixer && (await fixer.fix(this.#fixTask(draft, verdict)));
    if (fixed) {
      for (const one of fixed.attempts) {
        const { requestId, model, host, costNanos } = one;
        const question = { requestId, kind: 'fix' as const, model, host, costNanos: costNanos?.toString() ?? null };
        this.#questions.push(question);
        yield { type: 'asked', ...question };
      }
      this.#spentNanos += fixed.spentNanos;
      if (fixed.files) {
        const patched = fixed.files.map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes) }));
        const requestId = fixed.attempts.at(-1)?.requestId ?? draft.requestId;
        return yield* this.#check({ files: patched, requestId, answer });
      }
    }
    const messages = buildMessages(this.#parts.request.wish);
    return yield* this.#draft(retryMessages(messages, { answer, problem: problemOf(verdict) ?? '' }), 'retry');
  }

  #fixTask(draft: Draft, verdict: Extract<FixVerdict, { kind: 'failed' }>): FixTask {
    const { wish, capNanos, customer } = this.#parts.request;
    return {
      files: draft.files,
      purpose: wish,
      failure: verdict.failure,
      capNanos: capNanos - this.#spentNanos,
      maxAttempts: 1,
      protect: ['tests/**'],
      ...(customer !== null && { payer: { customer } }),
      ...(this.#parts.signal && { signal: this.#parts.signal }),
      verify: (patched, { requestId = draft.requestId }) =>
        this.#verify(
          patched.map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes) })),
          requestId,
        ),
    };
  }

  async #ask(
    messages: readonly BuildMessage[],
    kind: 'build' | 'retry',
  ): Promise<{ readonly requestId: string; readonly answer: ModelAnswer }> {
    this.#stopIfLeft();
    const { maxTokens, reservedNanos } = this.#room(messages);
    const { model, request } = this.#parts;
    const requestId = this.#deps.newId('req');
    const { customer } = request;
    const answer = await this.#deps.ask({ requestId, model, messages, maxTokens, customer });
    this.#spentNanos += answer.costNanos ?? reservedNanos;
    const costNanos = answer.costNanos?.toString() ?? null;
    this.#questions.push({ requestId, kind, model: answer.model, host: answer.host, costNanos });
    this.#stopIfLeft();
    return { requestId, answer };
  }

  /** How long the answer may be for the money that is left. */
  #room(messages: readonly BuildMessage[]): { readonly maxTokens: number; readonly reservedNanos: bigint } {
    const { model, request } = this.#parts;
    // Every byte a token: no tokeniser makes more of text than that, so the ceiling holds.
    const inputTokens = Buffer.byteLength(JSON.stringify(messages));
    for (let maxTokens = mostOutputTokens; maxTokens >= leastOutputTokens; maxTokens /= 2) {
      const ceiling = this.#deps.ceilingNanos(model, { inputTokens, outputTokens: maxTokens });
      if (Fault.is(ceiling)) throw ceiling;
      if (ceiling === null) throw new BuildFailure(`The price of "${model}" is unknown, so that no cap can hold.`);
      if (ceiling <= request.capNanos - this.#spentNanos) return { maxTokens, reservedNanos: ceiling };
    }
    throw new BuildFailure('Asking a model could cost more than is left of the cap.');
  }

  async *#deploy(files: readonly SourceFile[]): AsyncGenerator<BuildEvent> {
    this.#stopIfLeft();
    const { customer, actor } = this.#parts.request;
    this.#deployed = await this.#deps.deploy({ app: this.#app, alias: 'preview', files, customer, actor });
    const problem = await this.#deps.visit(this.#deployed);
    if (problem !== undefined) throw new BuildFailure(`It is deployed and does not answer: ${problem}`);
    this.#over('deployed', null);
    yield { type: 'deployed', ...this.#deployed };
  }

  #stopIfLeft(): void {
    if (this.#parts.signal?.aborted === true) throw new BuildFailure('Whoever asked has left.');
  }
}

function problemOf(verdict: FixVerdict): string | null {
  if (verdict.kind === 'passed') return null;
  if (verdict.kind === 'broken') return verdict.reason;
  const { stderrTail, stdoutTail, limitsHit } = verdict.failure;
  const limits = limitsHit.map(({ name, allowed, observed }) => `${name} limit: ${observed} of ${allowed}`);
  const said = stderrTail.trim() === '' ? stdoutTail.trim() : stderrTail.trim();
  return [...limits, said].join('\n') || 'the checks failed and said nothing';
}

function unreadable(problem: string): FixVerdict {
  const exit = { code: null, signal: null };
  const failure = {
    status: 'build_failed',
    exit,
    limitsHit: [],
    stdoutTail: '',
    stderrTail: problem,
    frames: [],
  } as const;
  return { kind: 'failed', checks: [], failure, isHidden: false };
}

const idle = new Set([
  'a',
  'an',
  'the',
  'that',
  'which',
  'with',
  'and',
  'of',
  'for',
  'to',
  'me',
  'my',
  'page',
  'build',
]);

/** A name that says what it is, and is nobody else's. */
function nameFor(wish: string, buildId: string): string {
  const words = wish
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, ' ')
    .split(' ')
    .filter((word) => word !== '' && !idle.has(word));
  const slug = words.slice(0, 4).join('-').slice(0, 28).replace(/-+$/, '');
  return `${slug === '' ? 'app' : slug}-${buildId.slice(-6)}`;
}
