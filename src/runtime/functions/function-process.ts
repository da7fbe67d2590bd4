import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Client } from 'undici';
import type { Clock } from '../../platform/clock.ts';
import { type EgressAudit, EgressProxy } from '../egress/index.ts';
import {
  controlPipe,
  type EmptyProcessSettings,
  listening,
  prepare,
  launchCommand,
  type ProcessFrame,
} from './empty-process.ts';
import { FunctionStartError } from './function-start-error.ts';
import type { FunctionSpec } from './function-spec.ts';
import { LineSplitter } from './line-splitter.ts';
import { type ReadLine, readLogLine, redactor } from './log-line.ts';
import type { ModuleGate } from './module-gate.ts';
import { killGroup, startGroup } from './process-group.ts';
import { childOf } from './process-vitals.ts';
import { socketNames } from './worker-config.ts';

/** A line of a process with the pipe it came through. */
export interface ProcessLine extends ReadLine {
  readonly stream: 'stdout' | 'stderr';
  /** Characters that were cut from it before it was read. */
  readonly dropped: number;
}

/** What a process becomes, and who hears of it. */
export interface AppSettings {
  readonly spec: FunctionSpec;
  readonly clock: Clock;
  line(line: ProcessLine): void;
  audit(entry: EgressAudit): void;
}

/** What a process with an app is started with. */
export interface ProcessSettings extends AppSettings, Omit<EmptyProcessSettings, 'frame'> {}

/** Which handlers the guest has. */
export interface GuestHandlers {
  readonly fetch: boolean;
  readonly scheduled: boolean;
}

const longestLine = 64 * 1024;
const endedEarly = 'it ended while it started';
const lateModule = 'its module could not be loaded in time';

/** The process that an app needs. */
export function frameOf({ limits, egress }: Pick<FunctionSpec, 'limits' | 'egress'>): ProcessFrame {
  return { heapMb: limits.heapMb, hasEgress: egress !== undefined };
}

/** One engine process with one version of an app in it, from its folder to its end. */
export class FunctionProcess {
  readonly socketFolder: string;
  /** Resolves when it is gone, by whatever cause, and nothing is left of it. */
  readonly gone: Promise<void>;
  /** Resolves when an app can be loaded without waiting for the engine; never when it ends before. */
  readonly isWaiting: Promise<void>;
  /** Client of the socket for readiness and events. */
  readonly events: Client;
  #handlers: GuestHandlers = { fetch: false, scheduled: false };
  #isGone = false;
  #app: AppSettings | undefined;
  #egress: EgressProxy | undefined;
  #redact = (text: string): string => text;
  readonly #child: ChildProcess;
  readonly #gate: ModuleGate;
  readonly #isSandboxed: boolean;
  readonly #listens: Promise<void>;
  readonly #tail: string[] = [];

  private constructor(child: ChildProcess, gate: ModuleGate, { folder, isSandboxed }: EmptyProcessSettings) {
    this.#child = child;
    this.#gate = gate;
    this.#isSandboxed = isSandboxed;
    this.isWaiting = gate.asked;
    this.socketFolder = join(folder, 's');
    this.events = new Client('http://events', {
      socketPath: join(this.socketFolder, socketNames.events),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    for (const stream of ['stdout', 'stderr'] as const) this.#read(stream);
    this.#listens = listening(child.stdio[controlPipe] as Readable | null);
    this.gone = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
    }).then(async () => {
      this.#isGone = true;
      gate.close();
      await Promise.all([this.events.destroy(), this.#egress?.close()]);
      // What cannot be removed now, the next start removes.
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    });
  }

  /** Starts a process that has no app yet. It does what it can and then waits for one. */
  static async startEmpty(settings: EmptyProcessSettings): Promise<FunctionProcess> {
    const command = launchCommand(settings);
    const gate = await prepare(settings);
    const child = startGroup(command, { folder: settings.folder, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    return new FunctionProcess(child, gate, settings);
  }

  /** Starts a process and waits until the guest is loaded. Rejects with the reason when it cannot be. */
  static async start(settings: ProcessSettings): Promise<FunctionProcess> {
    const empty = await FunctionProcess.startEmpty({ ...settings, frame: frameOf(settings.spec) });
    await empty.load(settings);
    return empty;
  }

  /** Gives an app to a process that has none. Rejects with the reason, and leaves nothing, when it cannot be loaded. */
  async load(app: AppSettings): Promise<void> {
    const { spec, clock, audit } = app;
    const deadlineMs = clock.monotonicMs() + spec.limits.startMs;
    this.#app = app;
    this.#redact = redactor(spec.secrets);
    try {
      if (spec.egress !== undefined) {
        const listen = { path: join(this.socketFolder, socketNames.egress) };
        const { app: name, version, egress: policy } = spec;
        this.#egress = await EgressProxy.open({ policy, listen, app: name, version, clock, audit });
      }
      if (this.#isGone) throw this.#failure(endedEarly);
      this.#gate.give(spec);
      await this.#untilListening(spec.limits.startMs);
      this.#handlers = await this.#ask(deadlineMs);
    } catch (error) {
      this.kill();
      await this.gone;
      await this.#egress?.close();
      throw error;
    }
  }

  get handlers(): GuestHandlers {
    return this.#handlers;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** The engine itself, behind whatever launched it. */
  get pid(): number | undefined {
    const { pid } = this.#child;
    if (pid === undefined || !this.#isSandboxed) return pid;
    return childOf(pid) ?? pid;
  }

  /** What it said last, for people who ask why it ended. */
  get tail(): string {
    return this.#tail.join('\n');
  }

  /** Ends it at once; everything in its sandbox ends with it. */
  kill(): void {
    killGroup(this.#child);
  }

  /** Holds the guest back that writes faster than its log takes. */
  pauseOutput(): void {
    this.#child.stdout?.pause();
    this.#child.stderr?.pause();
  }

  resumeOutput(): void {
    this.#child.stdout?.resume();
    this.#child.stderr?.resume();
  }

  async #untilListening(startMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(
        () => resolve(this.#gate.wasAsked ? lateModule : `it did not start within ${startMs} ms`),
        startMs,
      );
    });
    const ended = this.gone.then(() => endedEarly);
    const failure = await Promise.race([this.#listens, ended, late]).finally(() => clearTimeout(timer));
    if (typeof failure === 'string') throw this.#failure(failure);
  }

  async #ask(deadlineMs: number): Promise<GuestHandlers> {
    const remainingMs = Math.max(1, Math.ceil(deadlineMs - (this.#app?.clock.monotonicMs() ?? 0)));
    try {
      const signal = AbortSignal.timeout(remainingMs);
      const { statusCode, body } = await this.events.request({ method: 'GET', path: '/', signal });
      const text = await readAtMost(body, longestAnswer);
      if (statusCode !== 200) throw this.#failure(text);
      return readHandlers(text);
    } catch (error) {
      if (error instanceof FunctionStartError) throw error;
      throw this.#failure(this.#isGone ? endedEarly : lateModule);
    }
  }

  #failure(reason: string): FunctionStartError {
    const tail = this.tail.trim();
    return new FunctionStartError(tail === '' ? reason : `${reason}: ${tail}`);
  }

  #read(stream: 'stdout' | 'stderr'): void {
    const pipe = this.#child[stream];
    const splitter = new LineSplitter(longestLine, (line, dropped) => {
      if (line === '') return;
      const read = readLogLine(line);
      if (isNoise(read.text)) return;
      this.#tail.push(this.#redact(read.text).slice(0, 2000));
      if (this.#tail.length > 8) this.#tail.shift();
      this.#app?.line({ ...read, stream, dropped });
    });
    pipe?.on('data', (chunk: Buffer) => splitter.push(chunk));
    pipe?.on('end', () => splitter.end());
  }
}

/** The guest's module runs beside the code that answers: what comes is its word, of any length and shape. */
const longestAnswer = 4096;

async function readAtMost(body: AsyncIterable<Buffer>, bytes: number): Promise<string> {
  let text = '';
  for await (const chunk of body) {
    text += chunk.toString('utf8');
    if (text.length >= bytes) return text.slice(0, bytes);
  }
  return text;
}

function readHandlers(text: string): GuestHandlers {
  const told: unknown = JSON.parse(text);
  const has = (name: keyof GuestHandlers): boolean =>
    typeof told === 'object' && told !== null && (told as { readonly [name: string]: unknown })[name] === true;
  return { fetch: has('fetch'), scheduled: has('scheduled') };
}

/** The engine tells of its own defaults, and that nobody hands out modules any more; nothing can be done about either. */
function isNoise(text: string): boolean {
  return text.includes('became the default as of') || text.startsWith('Fallback service failed to fetch module');
}
