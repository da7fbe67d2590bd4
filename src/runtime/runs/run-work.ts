import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type {
  Driver,
  Execution,
  Exit,
  Isolation,
  Limits,
  Receipt,
  ReceiptNetwork,
  RunEvent,
  RunRequest,
  RunStatus,
  Sandbox,
} from '../contract.ts';
import type { EgressAudit } from '../egress/index.ts';
import type { planRun } from './languages.ts';
import type { RunSlots } from './run-slots.ts';
import type { ScriptEngine } from './script-engine.ts';

/** What one run is made of. */
export interface RunParts {
  readonly request: RunRequest;
  readonly plan: ReturnType<typeof planRun>;
  readonly isolation: Isolation;
  readonly limits: Limits;
  readonly deps: RunWorkDeps;
  readonly slots: RunSlots;
  /** Absent: in a sandbox of the driver. */
  readonly scripts?: ScriptEngine | undefined;
}

/** What every run works with. */
export interface RunWorkDeps {
  readonly driver: Driver;
  readonly clock: Clock;
  /** Makes a receipt durable, and with it the outcome of the exchange that the code came from. */
  readonly record: (receipt: Receipt) => Promise<void>;
}

type Ending = { readonly exit: Exit | undefined; readonly status: RunStatus };

const translationWallMs = 30_000;
/** Connections that a receipt lists one by one. */
const mostListed = 200;

/** One run on its way. */
export class RunWork {
  readonly #id: string;
  readonly #parts: RunParts;
  readonly #askedMs: number;
  readonly #startedAtMs: number;
  readonly #timings = { queuedMs: 0, createMs: 0, filesMs: 0, buildMs: null as number | null, runMs: 0 };
  readonly #bytes = { stdout: 0, stderr: 0 };
  #lastMs: number;
  #sandbox: Sandbox | undefined;
  #script: Execution | undefined;
  #isCancelled = false;
  readonly #connections: ReceiptNetwork['connections'][number][] = [];
  #unlisted = 0;

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
      void this.#end();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    let receipt: Receipt | undefined;
    try {
      if (signal?.aborted === true) cancel();
      yield { type: 'started', runId: this.#id, isolation };
      const ended = yield* this.#tellFailure(this.#parts.scripts ? this.#runScript(this.#parts.scripts) : this.#run());
      // A proxy tells of its last connections while it closes.
      if (this.#parts.request.network?.mode === 'allowed') await this.#end();
      else void this.#end();
      receipt = this.#receipt(ended.exit, ended.status);
      await deps.record(receipt);
      yield { type: 'receipt', receipt };
    } finally {
      signal?.removeEventListener('abort', cancel);
      await this.#end();
      free();
      // Whoever asked has left: what happened is recorded all the same.
      if (receipt === undefined) await deps.record(this.#receipt(undefined, 'cancelled'));
    }
  }

  async #end(): Promise<void> {
    this.#script?.kill('SIGKILL');
    await Promise.all([this.#script?.exited, this.#sandbox?.destroy()]);
  }

  async *#run(): AsyncGenerator<RunEvent, Ending> {
    const { request, plan, limits, deps } = this.#parts;
    const { environment, network } = request;
    this.#sandbox = await deps.driver.create({
      limits,
      ...(environment && { environment }),
      ...(network?.mode === 'allowed' && { network, audit: this.#audit }),
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
    return yield* this.#follow(
      await this.#sandbox.exec({ argv: plan.run, ...(request.stdin && { stdin: request.stdin }) }),
    );
  }

  /** Where there is no sandbox, by the engine of functions. */
  async *#runScript(scripts: ScriptEngine): AsyncGenerator<RunEvent, Ending> {
    const { request, limits } = this.#parts;
    const { files, entry = files[0]?.path ?? '', environment = {}, stdin = new Uint8Array() } = request;
    const built = await scripts.build(files, entry).catch((error: unknown) => {
      if (Fault.is(error) && error.code === 'invalid_request') return error;
      throw error;
    });
    this.#timings.buildMs = this.#lap();
    if (built instanceof Error) {
      yield* this.#say(built.message);
      return { exit: undefined, status: 'build_failed' };
    }
    if (this.#isCancelled) return { exit: undefined, status: 'cancelled' };
    const { arguments: given = [], network = { mode: 'denied' } } = request;
    const script = { source: built, entry, arguments: given, environment, stdin, limits, network, audit: this.#audit };
    this.#script = await scripts.start(script);
    this.#timings.createMs = this.#lap();
    return yield* this.#follow(this.#script);
  }

  async *#follow(execution: Execution): AsyncGenerator<RunEvent, Ending> {
    yield* this.#stream(execution);
    const exit = await execution.exited;
    this.#timings.runMs = this.#lap();
    return { exit, status: this.#isCancelled ? 'cancelled' : statusOf(exit) };
  }

  /** The caller's own mistakes are told; what broke on our side is too, in the receipt's status. */
  async *#tellFailure(work: AsyncGenerator<RunEvent, Ending>): AsyncGenerator<RunEvent, Ending> {
    try {
      return yield* work;
    } catch (error) {
      if (this.#isCancelled) return { exit: undefined, status: 'cancelled' };
      yield* this.#say(`switchyard: ${messageOf(error)}`);
      return { exit: undefined, status: 'broken' };
    }
  }

  *#say(text: string): Generator<RunEvent> {
    yield { type: 'stderr', bytes: Buffer.from(`${text}\n`) };
  }

  readonly #audit = ({ app: _app, version: _version, ...connection }: EgressAudit): void => {
    if (this.#connections.length < mostListed) this.#connections.push(connection);
    else this.#unlisted += 1;
  };

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
      ...(request.network?.mode === 'allowed' && {
        network: { allow: request.network.allow, connections: this.#connections, unlisted: this.#unlisted },
      }),
      ...(request.requestId !== undefined && { requestId: request.requestId }),
      ...(request.customer !== undefined && { customer: request.customer }),
      ...(request.tests === true && { tests: true as const }),
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
