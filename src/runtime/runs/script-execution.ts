import { PassThrough } from 'node:stream';
import { Client } from 'undici';
import type { Clock } from '../../platform/clock.ts';
import type { Execution, Exit, LimitHit, LimitedResource, Limits, OutputChunk } from '../contract.ts';
import type { FunctionProcess, ProcessLine } from '../functions/index.ts';
import { readVitals } from '../functions/process-vitals.ts';
import { OutputPipe } from '../workspaces/output-pipe.ts';
import { endMark, exactMark } from './script-module.ts';

/** What a script is told at its start. */
export interface ScriptOrder {
  readonly entry: string;
  readonly arguments: readonly string[];
  /** In base64. */
  readonly stdin: string;
}

/** What an execution is made of. */
export interface ScriptParts {
  readonly id: string;
  readonly process: FunctionProcess;
  /** Socket on which the script takes its order. */
  readonly socketPath: string;
  readonly order: ScriptOrder;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Where lines of the process arrive; set before it is started. */
  readonly lines: ScriptLines;
}

const lookEveryMs = 50;
/** What the process said last is still on its way when its answer is there. */
const longestTailMs = 2000;

/** Lines of a process on their way to whoever reads its output. */
export class ScriptLines {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  #ends = 0;
  #ended: (() => void) | undefined;
  /** Resolves when the script has said all. */
  readonly ended = new Promise<void>((resolve) => (this.#ended = resolve));
  /** Told when nobody takes any more for now, and when somebody does again. */
  steer: { pause(): void; resume(): void } | undefined;

  constructor() {
    for (const stream of [this.stdout, this.stderr]) stream.on('drain', () => this.steer?.resume());
  }

  take({ text, level }: ProcessLine): void {
    if (text === endMark) {
      this.#ends++;
      if (this.#ends === 2) this.#ended?.();
      return;
    }
    // What the engine itself says of its end is in the process's tail.
    if (!text.endsWith(exactMark)) return;
    const stream = level === 'error' || level === 'warn' ? this.stderr : this.stdout;
    if (!stream.write(text.slice(0, -1))) this.steer?.pause();
  }
}

/** A script that runs in an engine of its own, from its order to its exit. Its limits are looked at from outside. */
export class ScriptExecution implements Execution {
  readonly id: string;
  readonly exited: Promise<Exit>;
  /** There are no processes that a script could tell apart. */
  readonly started = Promise.resolve(undefined);
  readonly #parts: ScriptParts;
  readonly #pipe: OutputPipe;
  readonly #hits = new Map<LimitedResource, LimitHit>();
  readonly #startedMs: number;
  readonly #startedAtMs: number;
  readonly #before: { readonly cpuMs: number; readonly rssMb: number };
  #peakMb = 0;
  #cpuMs = 0;

  constructor(parts: ScriptParts) {
    const { process, clock, lines, limits, id } = parts;
    this.id = id;
    this.#parts = parts;
    this.#startedMs = clock.monotonicMs();
    this.#startedAtMs = clock.nowMs();
    this.#before = this.#vitals();
    lines.steer = { pause: () => process.pauseOutput(), resume: () => process.resumeOutput() };
    this.#pipe = new OutputPipe(limits.outputBytes, () => this.#outputFull());
    this.#pipe.attach('stdout', lines.stdout);
    this.#pipe.attach('stderr', lines.stderr);
    this.exited = this.#follow();
  }

  output(): AsyncIterable<OutputChunk> {
    return this.#pipe.read();
  }

  /** All input is given at the start. */
  writeInput(): Promise<boolean> {
    return Promise.resolve(false);
  }

  closeInput(): void {
    // It was closed at the start.
  }

  kill(): void {
    this.#parts.process.kill();
  }

  async #follow(): Promise<Exit> {
    const { process, limits, lines, clock } = this.#parts;
    const look = setInterval(() => this.#look(), lookEveryMs);
    const late = setTimeout(() => this.#hit('wall', limits.wallMs, this.#elapsedMs()), limits.wallMs);
    const code = await this.#ask();
    clearTimeout(late);
    clearInterval(look);
    const wallMs = this.#elapsedMs();
    if (code !== undefined) await Promise.race([lines.ended, process.gone, after(longestTailMs)]);
    if (code === undefined && /Reached heap limit|out of memory/i.test(process.tail)) {
      this.#hit('memory', limits.memoryBytes, limits.memoryBytes);
    }
    this.#pipe.drain();
    process.kill();
    await process.gone;
    this.#pipe.end();
    const { stdout, stderr } = this.#pipe.bytes;
    return {
      code: code ?? null,
      signal: code === undefined ? 'SIGKILL' : null,
      limitsHit: [...this.#hits.values()],
      startedAtMs: this.#startedAtMs,
      wallMs: Math.min(wallMs, Math.round(clock.monotonicMs() - this.#startedMs)),
      cpuMs: Math.round(this.#cpuMs),
      peakMemoryBytes: Math.round(this.#peakMb * 1024 * 1024),
      stdoutBytes: stdout,
      stderrBytes: stderr,
    };
  }

  /** Gives the order and waits for how it ended; undefined when the process ended instead. */
  async #ask(): Promise<number | undefined> {
    const { socketPath, order } = this.#parts;
    const client = new Client('http://script', { socketPath, headersTimeout: 0, bodyTimeout: 0 });
    try {
      const { body } = await client.request({ method: 'POST', path: '/', body: JSON.stringify(order) });
      const { code } = (await body.json()) as { readonly code?: unknown };
      this.#look();
      return typeof code === 'number' ? code : undefined;
    } catch {
      return undefined;
    } finally {
      await client.destroy();
    }
  }

  #look(): void {
    const { limits } = this.#parts;
    const now = this.#vitals();
    this.#cpuMs = Math.max(this.#cpuMs, now.cpuMs - this.#before.cpuMs);
    this.#peakMb = Math.max(this.#peakMb, now.rssMb - this.#before.rssMb);
    if (this.#cpuMs > limits.cpuMs) this.#hit('cpu', limits.cpuMs, Math.round(this.#cpuMs));
    const usedBytes = Math.round(this.#peakMb * 1024 * 1024);
    if (usedBytes > limits.memoryBytes) this.#hit('memory', limits.memoryBytes, usedBytes);
  }

  #outputFull(): void {
    const { limits } = this.#parts;
    const observed = (): number => this.#pipe.bytes.stdout + this.#pipe.bytes.stderr;
    this.#hits.set('output', { name: 'output', allowed: limits.outputBytes, observed: observed() });
    setTimeout(() => this.#hit('output', limits.outputBytes, observed()), limits.outputGraceMs).unref();
  }

  #hit(name: LimitedResource, allowed: number, observed: number): void {
    if (!this.#hits.has(name)) this.#hits.set(name, { name, allowed, observed });
    this.#pipe.drain();
    this.#parts.process.kill();
  }

  #elapsedMs(): number {
    return Math.round(this.#parts.clock.monotonicMs() - this.#startedMs);
  }

  #vitals(): { readonly cpuMs: number; readonly rssMb: number } {
    const { pid } = this.#parts.process;
    const { cpuMs = 0, rssMb = 0 } = pid === undefined ? {} : readVitals(pid);
    return { cpuMs, rssMb };
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
