import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Command, Execution, Exit, LimitHit, LimitedResource, Limits, OutputChunk } from '../contract.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Launched, rlimits } from './launch.ts';
import { OutputPipe } from './output-pipe.ts';
import { guestPid } from './process-scan.ts';

/** What a running command is watched with. */
export interface ExecutionDeps {
  readonly clock: Clock;
  /** Looks once more at the limits before the exit is told; CPU time and memory by whoever can measure them. */
  readonly lastLook: () => { readonly cpuMs: number | null; readonly peakMemoryBytes: number | null };
}

/** A process that left children behind on its pipes is read until they are quiet for so long. */
const quietMs = 20;
/** Whoever writes on from the background is not waited for longer. */
const longestQuietMs = 500;
const killAgainMs = 50;
const signalNames: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
  31: 'SIGSYS',
};

/** Bounds as the kernel takes them for every process of a command. */
export function resourceLimits(limits: Limits): readonly (readonly [number, number, number])[] {
  const seconds = Math.max(1, Math.ceil(limits.cpuMs / 1000));
  return [
    [rlimits.cpu, seconds, seconds + 1],
    [rlimits.core, 0, 0],
    [rlimits.processes, limits.processes, limits.processes],
    [rlimits.openFiles, limits.openFiles, limits.openFiles],
    [rlimits.fileSize, limits.diskBytes, limits.diskBytes],
  ];
}

/** A command in a sandbox, from its start to its exit. */
export class RunningCommand implements Execution {
  readonly id: string;
  readonly exited: Promise<Exit>;
  readonly started: Promise<number | undefined>;
  readonly limits: Limits;
  readonly #launched: Launched;
  readonly #deps: ExecutionDeps;
  readonly #pipe: OutputPipe;
  readonly #hits = new Map<LimitedResource, LimitHit>();
  readonly #startedAtMs: number;
  readonly #startedMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #pid: number | undefined;
  #isOver = false;
  #tellStart: (guestPid: number | undefined) => void = () => undefined;

  constructor(id: string, parts: { launched: Launched; command: Command; limits: Limits; deps: ExecutionDeps }) {
    const { launched, command, limits, deps } = parts;
    this.id = id;
    this.limits = limits;
    this.#launched = launched;
    this.#deps = deps;
    this.#startedAtMs = deps.clock.nowMs();
    this.#startedMs = deps.clock.monotonicMs();
    this.#pipe = new OutputPipe(limits.outputBytes, () => this.#outputFull());
    this.#pipe.attach('stdout', launched.stdout);
    this.#pipe.attach('stderr', launched.stderr);
    this.started = new Promise((resolve) => {
      this.#tellStart = resolve;
    });
    this.exited = this.#follow();
    this.#feed(command.stdin);
    this.#after(limits.wallMs, () => this.hit({ name: 'wall', allowed: limits.wallMs, observed: this.#elapsedMs() }));
  }

  /** Milliseconds since the start. */
  #elapsedMs(): number {
    return Math.round(this.#deps.clock.monotonicMs() - this.#startedMs);
  }

  output(): AsyncIterable<OutputChunk> {
    return this.#pipe.read();
  }

  /** Notes a limit with what was observed, and ends the command unless the limit only turned something away. */
  hit(hit: LimitHit, ends = true): void {
    if (this.#isOver) return;
    if (!this.#hits.has(hit.name)) this.#hits.set(hit.name, hit);
    if (!ends) return;
    this.#pipe.drain();
    this.#endSoon();
  }

  /** Until it is over: the command may not have begun, so that there is nobody yet to end. */
  #endSoon(): void {
    if (this.#isOver) return;
    this.kill('SIGKILL');
    this.#after(killAgainMs, () => this.#endSoon());
  }

  async writeInput(bytes: Uint8Array): Promise<boolean> {
    const { stdin } = this.#launched;
    if (!stdin.writable) return false;
    return new Promise((resolve) => stdin.write(bytes, (error) => resolve(!error)));
  }

  closeInput(): void {
    this.#launched.stdin.end();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void {
    if (this.#isOver || this.#pid === undefined) return;
    try {
      process.kill(-this.#pid, signal);
    } catch {
      // Either it has just begun and leads no group yet, or it has just ended and its exit is on the way.
      this.#after(killAgainMs, () => this.kill(signal));
    }
  }

  #feed(stdin: Command['stdin']): void {
    if (stdin === 'open') return;
    if (stdin === undefined || stdin.length === 0) this.#launched.stdin.end();
    else this.#launched.stdin.end(stdin);
  }

  #outputFull(): void {
    const hit = (): LimitHit => ({
      name: 'output',
      allowed: this.limits.outputBytes,
      observed: this.#pipe.bytes.stdout + this.#pipe.bytes.stderr,
    });
    this.#hits.set('output', hit());
    this.#after(this.limits.outputGraceMs, () => this.hit(hit()));
  }

  #after(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }

  async #follow(): Promise<Exit> {
    const exit = await this.#outcome();
    this.#tellStart(undefined);
    const { cpuMs, peakMemoryBytes } = this.#deps.lastLook();
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const wallMs = this.#elapsedMs();
    await this.#untilQuiet();
    const { code, signal } = exit ?? { code: null, signal: 'SIGKILL' };
    const { stdout, stderr } = this.#pipe.bytes;
    this.#pipe.end();
    this.#launched.close();
    return {
      code,
      signal,
      limitsHit: [...this.#hits.values()],
      startedAtMs: this.#startedAtMs,
      wallMs,
      cpuMs: cpuMs ?? exit?.cpuMs ?? null,
      peakMemoryBytes,
      stdoutBytes: stdout,
      stderrBytes: stderr,
    };
  }

  /** How the command ended, as soon as the launcher tells; undefined when it ended without telling. */
  #outcome(): Promise<Outcome | undefined> {
    const { told, ended } = this.#launched;
    return new Promise((resolve) => {
      const lines = createInterface({ input: told });
      lines.on('line', (line) => {
        const outcome = this.#hear(line);
        if (outcome) resolve(outcome);
      });
      lines.once('close', () => void ended.then(() => resolve(undefined)));
      // A sandbox that goes takes the launcher's connection with it: that has no last line and no end, only gone is it.
      void ended.then(() => lines.close());
    });
  }

  #hear(line: string): Outcome | undefined {
    const [word, first = '', second = ''] = line.split(' ');
    if (word === 'pid') {
      this.#pid = Number(first);
      this.#tellStart(guestPid(this.#pid));
    } else if (word === 'exit') return { code: Number(first), signal: null, cpuMs: Number(second) };
    else if (word === 'signal') return { code: null, signal: nameOf(Number(first)), cpuMs: Number(second) };
    else this.#pipe.say('stderr', `${explain(line)}\n`);
    return undefined;
  }

  /** What was written before the end is still in the pipes; what was left behind in the background may write on. */
  async #untilQuiet(): Promise<void> {
    const own = { isOver: false };
    const over = Promise.all([this.#launched.stdout, this.#launched.stderr].map(whenEnded)).then(() => {
      own.isOver = true;
    });
    const untilMs = this.#deps.clock.monotonicMs() + longestQuietMs;
    const isEarly = (): boolean => this.#deps.clock.monotonicMs() < untilMs;
    for (let seen = -1; !own.isOver && isEarly() && seen !== this.#pipe.activity;) {
      seen = this.#pipe.activity;
      let timer: NodeJS.Timeout | undefined;
      const quiet = new Promise<void>((resolve) => (timer = setTimeout(resolve, quietMs)));
      await Promise.race([over, quiet]);
      clearTimeout(timer);
    }
  }
}

interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly cpuMs: number;
}

function whenEnded(stream: Readable): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('end', () => resolve());
    stream.once('close', () => resolve());
  });
}

function nameOf(signal: number): string {
  return signalNames[signal] ?? `signal ${signal}`;
}

/** A launcher's complaint as a person reads it. */
function explain(line: string): string {
  if (line.startsWith('noprogram ')) return `switchyard: the program cannot be run: ${line.slice(10)}`;
  if (line.startsWith('nofolder ')) return `switchyard: the working folder cannot be entered: ${line.slice(9)}`;
  return `switchyard: ${line}`;
}
