import { Fault } from '../../domain/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import {
  type Driver,
  type Execution,
  type Exit,
  type Isolation,
  type IsolationTier,
  isolationTiers,
  type Limits,
  type Receipt,
  type RunEvent,
  type Runner,
  type RunningRun,
  type RunRequest,
  type RunStatus,
  type Sandbox,
} from '../contract.ts';
import { limitsOf } from '../limits.ts';
import { planRun } from './languages.ts';
import { RunSlots } from './run-slots.ts';

/** What runs are made of. */
export interface RunServiceDeps {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly newId: (prefix: string) => string;
  readonly settings: () => RunSettings;
  /** Whether guests find esbuild. */
  readonly canTranslate: boolean;
  /** Makes a receipt durable, and with it the outcome of the exchange that the code came from. */
  readonly record: (receipt: Receipt) => Promise<void>;
}

/** What the operator decides. */
export interface RunSettings {
  readonly minIsolation: IsolationTier;
  readonly limits: Limits;
  readonly mostLimits: Limits;
  readonly concurrent: number;
  readonly waiting: number;
}

const translationWallMs = 30_000;

/** Runs code once: a fresh sandbox, its files, the command, a receipt, and nothing left. */
export class RunService implements Runner {
  readonly #deps: RunServiceDeps;
  readonly #slots: RunSlots;

  constructor(deps: RunServiceDeps) {
    this.#deps = deps;
    const { concurrent, waiting } = deps.settings();
    this.#slots = new RunSlots(concurrent, waiting);
  }

  async run(request: RunRequest, { signal }: { readonly signal?: AbortSignal } = {}): Promise<RunningRun> {
    const { driver, settings, newId, canTranslate } = this.#deps;
    const { limits, mostLimits, minIsolation } = settings();
    const plan = planRun(request, { typescript: canTranslate });
    const { isolation, unusable } = driver.report ?? (await driver.probe());
    if (unusable) throw new Fault('isolation_unavailable', { message: `${unusable.reason} ${unusable.remedy}` });
    requireTier(isolation, minIsolation);
    if (request.minIsolation) requireTier(isolation, request.minIsolation);
    const runId = newId('run');
    const bounds = limitsOf(request.limits ?? {}, limits, mostLimits);
    const work = new RunWork(runId, { request, plan, isolation, limits: bounds, deps: this.#deps, slots: this.#slots });
    return { runId, events: () => work.events(signal) };
  }
}

/** Refuses to run below a tier: never silently weaker. */
export function requireTier(isolation: Isolation, wanted: IsolationTier): void {
  if (isolationTiers.indexOf(isolation.tier) <= isolationTiers.indexOf(wanted)) return;
  throw new Fault('isolation_unavailable', {
    message: `Isolation here is "${isolation.tier}" (${isolation.engine}), and at least "${wanted}" is required; \`switchyard doctor\` says what is missing.`,
    param: 'minIsolation',
  });
}

interface RunParts {
  readonly request: RunRequest;
  readonly plan: ReturnType<typeof planRun>;
  readonly isolation: Isolation;
  readonly limits: Limits;
  readonly deps: RunServiceDeps;
  readonly slots: RunSlots;
}

/** One run on its way. */
class RunWork {
  readonly #id: string;
  readonly #parts: RunParts;
  readonly #askedMs: number;
  readonly #startedAtMs: number;
  readonly #timings = { queuedMs: 0, createMs: 0, filesMs: 0, buildMs: null as number | null, runMs: 0 };
  readonly #bytes = { stdout: 0, stderr: 0 };
  #lastMs: number;
  #sandbox: Sandbox | undefined;
  #isCancelled = false;

  constructor(id: string, parts: RunParts) {
    this.#id = id;
    this.#parts = parts;
    this.#askedMs = parts.deps.clock.monotonicMs();
    this.#lastMs = this.#askedMs;
    this.#startedAtMs = parts.deps.clock.nowMs();
  }

  async *events(signal: AbortSignal | undefined): AsyncGenerator<RunEvent> {
    const { slots, isolation, deps } = this.#parts;
    const free = await slots.take(signal);
    this.#timings.queuedMs = this.#lap();
    const cancel = (): void => {
      this.#isCancelled = true;
      void this.#sandbox?.destroy();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    let receipt: Receipt | undefined;
    try {
      if (signal?.aborted === true) cancel();
      yield { type: 'started', runId: this.#id, isolation };
      const ended = yield* this.#work();
      void this.#sandbox?.destroy();
      receipt = this.#receipt(ended.exit, ended.status);
      await deps.record(receipt);
      yield { type: 'receipt', receipt };
    } finally {
      signal?.removeEventListener('abort', cancel);
      await this.#sandbox?.destroy();
      free();
      // Whoever asked has left: what happened is recorded all the same.
      if (receipt === undefined) await deps.record(this.#receipt(undefined, 'cancelled'));
    }
  }

  async *#work(): AsyncGenerator<RunEvent, { exit: Exit | undefined; status: RunStatus }> {
    const { request, plan, limits, deps } = this.#parts;
    try {
      this.#sandbox = await deps.driver.create({
        limits,
        ...(request.environment && { environment: request.environment }),
      });
      this.#timings.createMs = this.#lap();
      if (this.#isCancelled) return { exit: undefined, status: 'cancelled' };
      await this.#sandbox.files.write(request.files);
      this.#timings.filesMs = this.#lap();
      if (plan.build) {
        const wallMs = Math.min(limits.wallMs, translationWallMs);
        const building = await this.#sandbox.exec({ argv: plan.build, limits: { wallMs } });
        yield* this.#stream(building);
        const exit = await building.exited;
        this.#timings.buildMs = this.#lap();
        if (exit.code !== 0) return { exit, status: 'build_failed' };
      }
      const execution = await this.#sandbox.exec({ argv: plan.run, ...(request.stdin && { stdin: request.stdin }) });
      yield* this.#stream(execution);
      const exit = await execution.exited;
      this.#timings.runMs = this.#lap();
      return { exit, status: this.#isCancelled ? 'cancelled' : statusOf(exit) };
    } catch (error) {
      if (this.#isCancelled) return { exit: undefined, status: 'cancelled' };
      // The caller's own mistakes are told; what broke on our side is too, in the receipt's status.
      yield { type: 'stderr', bytes: Buffer.from(`switchyard: ${messageOf(error)}\n`) };
      return { exit: undefined, status: 'broken' };
    }
  }

  async *#stream(execution: Execution): AsyncGenerator<RunEvent> {
    for await (const { stream, bytes } of execution.output()) {
      this.#bytes[stream] += bytes.length;
      yield { type: stream, bytes };
    }
  }

  #receipt(exit: Exit | undefined, status: RunStatus): Receipt {
    const { request, isolation, limits, deps } = this.#parts;
    const files = request.files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return {
      runId: this.#id,
      status,
      language: request.language,
      startedAtMs: this.#startedAtMs,
      isolation,
      limits,
      exit: { code: exit?.code ?? null, signal: exit?.signal ?? null },
      limitsHit: exit?.limitsHit ?? [],
      timings: { ...this.#timings, totalMs: Math.round(deps.clock.monotonicMs() - this.#askedMs) },
      bytes: { files, stdin: request.stdin?.length ?? 0, ...this.#bytes },
      cpuMs: exit?.cpuMs ?? null,
      peakMemoryBytes: exit?.peakMemoryBytes ?? null,
      ...(request.requestId !== undefined && { requestId: request.requestId }),
      ...(request.customer !== undefined && { customer: request.customer }),
    };
  }

  /** Milliseconds since the last lap. */
  #lap(): number {
    const nowMs = this.#parts.deps.clock.monotonicMs();
    const lapMs = Math.round((nowMs - this.#lastMs) * 10) / 10;
    this.#lastMs = nowMs;
    return lapMs;
  }
}

/** A refused process need not spoil a run; every other limit does. */
function statusOf(exit: Exit): RunStatus {
  const spoiled = exit.limitsHit.some(({ name }) => name !== 'processes' || exit.code !== 0);
  if (spoiled) return 'limit';
  return exit.code === 0 ? 'succeeded' : 'failed';
}

function messageOf(error: unknown): string {
  return Fault.is(error) ? error.message : 'the sandbox broke';
}
