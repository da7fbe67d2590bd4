import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type {
  Driver,
  Exit,
  GuestEntry,
  GuestFile,
  GuestFiles,
  Isolation,
  Limits,
  Receipt,
  RunLanguage,
  RunStatus,
  Sandbox,
} from '../contract.ts';
import type { ComputeDesk, ComputeHold, ComputePayer, ComputeSubject } from '../compute/compute-desk.ts';
import { mostUseOf, useOfRun } from '../compute/run-use.ts';
import { languages, planRun } from '../runs/languages.ts';
import { requireTier, type RunSettings } from '../runs/run-service.ts';
import type { RunSlots } from '../runs/run-slots.ts';
import { KeptOutput } from './kept-output.ts';
import { startMeter } from './sandbox-meter.ts';

/** Held for an action on files: a few commands of ours. */
const longestFilesMs = 10_000;

/** What sessions are made of. */
export interface CodeSessionDeps {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly newId: (prefix: string) => string;
  readonly settings: () => RunSettings;
  readonly canTranslate: boolean;
  readonly slots: RunSlots;
  /** Charges what programs use; absent: nobody pays. */
  readonly desk?: Pick<ComputeDesk, 'admit'> | undefined;
  /** Makes a receipt durable. */
  readonly record: (receipt: Receipt) => Promise<void>;
}

/** Whose session it is: who pays for what is done in it. */
export interface SessionOwner extends ComputePayer {
  /** The exchange whose model writes the code. */
  readonly requestId?: string | undefined;
}

/** A program for a session; without code or files, something that lies there already. */
export interface SessionProgram {
  readonly language: RunLanguage;
  readonly code?: string | undefined;
  readonly files?: readonly GuestFile[] | undefined;
  readonly entry?: string | undefined;
  readonly stdin?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What running it came to. */
export interface SessionRun {
  readonly receipt: Receipt;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A place where several programs run one after the other and find each other's files. The sandbox is made with the
 * first of them; one that died is made anew, empty. Every program has a receipt, as a run has, and nothing of it runs
 * on once it has ended. Nothing is done that its owner could not pay for.
 */
export class CodeSession {
  readonly #owner: SessionOwner;
  readonly #deps: CodeSessionDeps;
  #sandbox: Promise<Sandbox> | undefined;
  /** One program at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(owner: SessionOwner, deps: CodeSessionDeps) {
    this.#owner = owner;
    this.#deps = deps;
  }

  /** Throws a Fault when nothing could be run; a program that failed is told by its receipt. */
  run(program: SessionProgram): Promise<SessionRun> {
    return this.#inTurn(() => this.#run(program));
  }

  write(files: readonly GuestFile[]): Promise<void> {
    return this.#inTurn(() => this.#onFiles((place) => place.write(files)));
  }

  read(path: string, maxBytes: number): Promise<Uint8Array> {
    return this.#inTurn(() => this.#onFiles((place) => place.read(path, { maxBytes })));
  }

  list(path: string, maxEntries: number): Promise<readonly GuestEntry[]> {
    return this.#inTurn(() => this.#onFiles((place) => place.list(path, { depth: 8, maxEntries })));
  }

  /** Ends whatever runs and removes everything; does not reject. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const sandbox = await this.#sandbox?.catch(() => undefined);
    await sandbox?.destroy().catch(() => undefined);
    await this.#last;
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #run(program: SessionProgram): Promise<SessionRun> {
    const { clock, slots, desk, canTranslate, record, newId } = this.#deps;
    const askedMs = clock.monotonicMs();
    const startedAtMs = clock.nowMs();
    const { language, stdin, signal } = program;
    const files = filesOf(program);
    const given = { language, files, ...(program.entry !== undefined && { entry: program.entry }) };
    const plan = planRun(given, { typescript: canTranslate });
    const limits = this.#limits(program.timeoutMs);
    const subject = this.#subjectOf(newId('run'));
    const hold = await desk?.admit(this.#owner, mostUseOf(limits));
    let free: (() => void) | undefined;
    try {
      free = await slots.take(signal);
      const queuedMs = elapsed(askedMs, clock);
      const sandbox = await this.#ready();
      const createMs = elapsed(askedMs, clock) - queuedMs;
      const ended = await this.#within(sandbox, { hold, subject }, async () => {
        await sandbox.files.write(files);
        return execute(sandbox, { plan, stdin, signal, limits });
      });
      const sizes = { files: files.reduce((sum, { bytes }) => sum + bytes.length, 0), stdin: stdin?.length ?? 0 };
      const times = { queuedMs, createMs, filesMs: 0, totalMs: elapsed(askedMs, clock) };
      const { isolation } = sandbox;
      const run = { runId: subject.subject, language, startedAtMs, isolation, limits };
      const receipt = this.#receipt(run, ended, { sizes, times });
      try {
        await hold?.settle(subject, useOfRun(receipt));
      } finally {
        await record(receipt);
      }
      return { receipt, stdout: ended.output.stdout, stderr: ended.output.stderr };
    } finally {
      free?.();
      hold?.release();
    }
  }

  /** Runs a program to its end and ends what it left behind; what was used until it broke is charged. */
  async #within(sandbox: Sandbox, { hold, subject }: Charged, work: () => Promise<Ended>): Promise<Ended> {
    const use = await startMeter(sandbox, this.#deps.clock);
    try {
      return await work();
    } catch (error) {
      await hold?.settle(subject, await use());
      throw error;
    } finally {
      if (sandbox.alive && !(await sandbox.endProcesses())) await sandbox.destroy();
    }
  }

  /** What is done with files costs what it uses; nothing runs between one action and the next. */
  async #onFiles<Value>(work: (files: GuestFiles) => Promise<Value>): Promise<Value> {
    const { clock, desk, settings } = this.#deps;
    const { limits } = settings();
    const cpuMs = Math.min(limits.cpuMs, longestFilesMs);
    const most = { ...limits, cpuMs, wallMs: Math.min(limits.wallMs, longestFilesMs) };
    const hold = await desk?.admit(this.#owner, mostUseOf(most));
    try {
      const sandbox = await this.#ready();
      const use = await startMeter(sandbox, clock);
      try {
        return await work(sandbox.files);
      } finally {
        await hold?.settle({ kind: 'sandbox', subject: sandbox.id }, await use());
      }
    } finally {
      hold?.release();
    }
  }

  #subjectOf(runId: string): ComputeSubject {
    const { requestId: exchangeId } = this.#owner;
    return { kind: 'run', subject: runId, ...(exchangeId !== undefined && { exchangeId }) };
  }

  #receipt(
    run: Pick<Receipt, 'runId' | 'language' | 'startedAtMs' | 'isolation' | 'limits'>,
    { exit, status, buildMs }: Ended,
    measured: {
      readonly sizes: Pick<Receipt['bytes'], 'files' | 'stdin'>;
      readonly times: Omit<Receipt['timings'], 'buildMs' | 'runMs'>;
    },
  ): Receipt {
    const { customer, requestId } = this.#owner;
    const { stdoutBytes: stdout = 0, stderrBytes: stderr = 0, wallMs: runMs = 0 } = exit;
    const { code, signal, limitsHit, cpuMs, peakMemoryBytes } = exit;
    return {
      ...run,
      status,
      exit: { code, signal },
      limitsHit,
      timings: { ...measured.times, buildMs, runMs },
      bytes: { ...measured.sizes, stdout, stderr },
      cpuMs,
      peakMemoryBytes,
      ...(requestId !== undefined && { requestId }),
      customer,
    };
  }

  async #ready(): Promise<Sandbox> {
    const known = await this.#sandbox;
    if (known?.alive === true) return known;
    if (this.#isClosed) throw new Fault('conflict', { message: 'The session is closed.' });
    this.#sandbox = this.#open();
    // Only who asks for it is told that it could not be made; the next one tries again.
    this.#sandbox.catch(() => (this.#sandbox = undefined));
    return this.#sandbox;
  }

  async #open(): Promise<Sandbox> {
    const { driver, settings } = this.#deps;
    const { minIsolation, limits } = settings();
    const isolation = await isolationOf(driver);
    requireTier(isolation, minIsolation);
    return driver.create({ limits });
  }

  #limits(timeoutMs: number | undefined): Limits {
    const { limits } = this.#deps.settings();
    if (timeoutMs === undefined) return limits;
    return { ...limits, wallMs: Math.max(1, Math.min(limits.wallMs, Math.floor(timeoutMs))) };
  }
}

/** How code is isolated here; throws a Fault where it cannot be run at all. */
export async function isolationOf(driver: Driver): Promise<Isolation> {
  const { isolation, unusable } = driver.report ?? (await driver.probe());
  if (unusable) throw new Fault('isolation_unavailable', { message: `${unusable.reason} ${unusable.remedy}` });
  return isolation;
}

/** Who pays for what is done, and what it is called. */
interface Charged {
  readonly hold: ComputeHold | undefined;
  readonly subject: ComputeSubject;
}

interface Ended {
  readonly exit: Pick<Exit, 'code' | 'signal' | 'limitsHit' | 'cpuMs' | 'peakMemoryBytes'> & Partial<Exit>;
  readonly status: RunStatus;
  readonly buildMs: number | null;
  readonly output: KeptOutput;
}

const neverRun: Exit = {
  code: null,
  signal: null,
  limitsHit: [],
  startedAtMs: 0,
  wallMs: 0,
  cpuMs: null,
  peakMemoryBytes: null,
  stdoutBytes: 0,
  stderrBytes: 0,
};

async function execute(
  sandbox: Sandbox,
  {
    plan,
    stdin,
    signal,
    limits,
  }: {
    readonly plan: ReturnType<typeof planRun>;
    readonly stdin: string | undefined;
    readonly signal: AbortSignal | undefined;
    readonly limits: Limits;
  },
): Promise<Ended> {
  const output = new KeptOutput();
  const { cpuMs, wallMs, outputBytes } = limits;
  const command = async (argv: readonly [string, ...string[]], input?: string): Promise<Exit> => {
    const bounds = { limits: { cpuMs, wallMs, outputBytes } };
    if (signal?.aborted === true) return neverRun;
    const running = await sandbox.exec({ argv, ...bounds, ...(input !== undefined && { stdin: Buffer.from(input) }) });
    const stop = (): void => running.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    // What is ended before it runs may not notice.
    void running.started.then(() => signal?.aborted === true && stop());
    try {
      for await (const chunk of running.output()) output.take(chunk);
      return await running.exited;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  };
  const built = plan.build && (await command(plan.build));
  const buildMs = built?.wallMs ?? null;
  if (built && built.code !== 0) {
    const status = signal?.aborted === true ? 'cancelled' : 'build_failed';
    return { exit: built, status, buildMs, output };
  }
  const exit = await command(plan.run, stdin);
  return { exit, status: signal?.aborted === true ? 'cancelled' : statusOf(exit), buildMs, output };
}

/** A refused process need not spoil a run; every other limit does. */
function statusOf({ limitsHit, code }: Exit): RunStatus {
  if (limitsHit.some(({ name }) => name !== 'processes' || code !== 0)) return 'limit';
  return code === 0 ? 'succeeded' : 'failed';
}

function filesOf({ language, code, files = [] }: SessionProgram): readonly GuestFile[] {
  if (code === undefined) return files;
  return [{ path: languages[language].fileName, bytes: Buffer.from(code) }, ...files];
}

function elapsed(sinceMs: number, clock: Clock): number {
  return Math.round((clock.monotonicMs() - sinceMs) * 10) / 10;
}
