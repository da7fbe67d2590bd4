import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'undici';
import type { Clock } from '../../platform/clock.ts';
import { type EgressAudit, EgressProxy } from '../egress/index.ts';
import { entryModule } from './entry-module.ts';
import type { Engines } from './find-engines.ts';
import type { FunctionSpec } from './function-spec.ts';
import { type LaunchCommand, sandboxed } from './launch-command.ts';
import { LineSplitter } from './line-splitter.ts';
import { type ReadLine, readLogLine, redactor } from './log-line.ts';
import { killGroup, startGroup } from './process-group.ts';
import { childOf } from './process-vitals.ts';
import { configFiles, socketNames, writeWorkerConfig } from './worker-config.ts';

/** A line of a process with the pipe it came through. */
export interface ProcessLine extends ReadLine {
  readonly stream: 'stdout' | 'stderr';
  /** Characters that were cut from it before it was read. */
  readonly dropped: number;
}

/** What a process is started with. */
export interface ProcessSettings {
  readonly spec: FunctionSpec;
  readonly engines: Engines;
  /** Whether the operating system's sandbox goes around it. */
  readonly isSandboxed: boolean;
  /** Made for this process and removed with it. */
  readonly folder: string;
  readonly clock: Clock;
  line(line: ProcessLine): void;
  audit(entry: EgressAudit): void;
}

/** Which handlers the guest has. */
export interface GuestHandlers {
  readonly fetch: boolean;
  readonly scheduled: boolean;
}

const longestLine = 64 * 1024;
const pollMs = 1;
const sandboxFolder = '/app';

/** One engine process with one version of an app in it, from its folder to its end. */
export class FunctionProcess {
  readonly socketFolder: string;
  /** Resolves when it is gone, by whatever cause, and nothing is left of it. */
  readonly gone: Promise<void>;
  /** Client of the socket for readiness and events. */
  readonly events: Client;
  #handlers: GuestHandlers = { fetch: false, scheduled: false };
  #isGone = false;
  readonly #child: ChildProcess;
  readonly #settings: ProcessSettings;
  readonly #tail: string[] = [];

  private constructor(child: ChildProcess, egress: EgressProxy | undefined, settings: ProcessSettings) {
    this.#child = child;
    this.#settings = settings;
    this.socketFolder = join(settings.folder, 's');
    this.events = new Client('http://events', {
      socketPath: join(this.socketFolder, socketNames.events),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    for (const stream of ['stdout', 'stderr'] as const) this.#read(stream);
    this.gone = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
    }).then(async () => {
      this.#isGone = true;
      await Promise.all([this.events.destroy(), egress?.close()]);
      // What cannot be removed now, the next start removes.
      await rm(settings.folder, { recursive: true, force: true }).catch(() => undefined);
    });
  }

  /** Starts a process and waits until the guest is loaded. Rejects with the reason when it cannot be. */
  static async start(settings: ProcessSettings): Promise<FunctionProcess> {
    const { folder, spec } = settings;
    const egress = await prepare(settings);
    const child = startGroup(launchCommand(settings), { folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const started = new FunctionProcess(child, egress, settings);
    try {
      started.#handlers = await started.#ready(spec.limits.startMs);
      // What the process was told at its start, secrets among it, need not lie on the disk any longer; the first
      // request does not wait for that.
      rm(join(folder, 'c'), { recursive: true, force: true }).catch(() => undefined);
      return started;
    } catch (error) {
      started.kill();
      await started.gone;
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
    if (pid === undefined || !this.#settings.isSandboxed) return pid;
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

  async #ready(startMs: number): Promise<GuestHandlers> {
    const { clock } = this.#settings;
    const deadlineMs = clock.monotonicMs() + startMs;
    const socket = join(this.socketFolder, socketNames.events);
    for (;;) {
      const handlers = existsSync(socket) ? await this.#ask(deadlineMs) : undefined;
      if (handlers !== undefined) return handlers;
      if (this.#isGone || this.#child.exitCode !== null) throw this.#failure('it ended while it started');
      if (clock.monotonicMs() > deadlineMs) throw this.#failure(`it did not start within ${startMs} ms`);
      await wait(pollMs);
    }
  }

  /** What handlers the guest has; undefined while nobody listens: the socket is there a moment before. */
  async #ask(deadlineMs: number): Promise<GuestHandlers | undefined> {
    const remainingMs = Math.max(1, Math.ceil(deadlineMs - this.#settings.clock.monotonicMs()));
    try {
      const signal = AbortSignal.timeout(remainingMs);
      const { statusCode, body } = await this.events.request({ method: 'GET', path: '/', signal });
      const text = await readAtMost(body, longestAnswer);
      if (statusCode !== 200) throw this.#failure(text);
      return readHandlers(text);
    } catch (error) {
      if (error instanceof FunctionStartError) throw error;
      if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return undefined;
      throw this.#failure(this.#isGone ? 'it ended while it started' : 'its module could not be loaded in time');
    }
  }

  #failure(reason: string): FunctionStartError {
    const tail = this.tail.trim();
    return new FunctionStartError(tail === '' ? reason : `${reason}: ${tail}`);
  }

  #read(stream: 'stdout' | 'stderr'): void {
    const pipe = this.#child[stream];
    const redact = redactor(this.#settings.spec.secrets);
    const splitter = new LineSplitter(longestLine, (line, dropped) => {
      if (line === '') return;
      const read = readLogLine(line);
      if (isNoise(read.text)) return;
      this.#tail.push(redact(read.text).slice(0, 2000));
      if (this.#tail.length > 8) this.#tail.shift();
      this.#settings.line({ ...read, stream, dropped });
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

/** A version that could not be started, with what it said itself. */
export class FunctionStartError extends Error {
  override readonly name = 'FunctionStartError';
}

async function prepare(settings: ProcessSettings): Promise<EgressProxy | undefined> {
  const { folder, spec, clock, audit } = settings;
  const [config, sockets, empty] = ['c', 's', 'e'].map((name) => join(folder, name)) as [string, string, string];
  await mkdir(config, { recursive: true, mode: 0o700 });
  await Promise.all([mkdir(sockets, { mode: 0o700 }), mkdir(empty, { mode: 0o700 })]);
  await writeProcessFiles(settings);
  return spec.egress === undefined
    ? undefined
    : EgressProxy.open({
        policy: spec.egress,
        listen: { path: join(sockets, socketNames.egress) },
        app: spec.app,
        version: spec.version,
        clock,
        audit,
      });
}

function launchCommand({ engines, isSandboxed, folder }: ProcessSettings): LaunchCommand {
  const { workerd, bwrap } = engines;
  if (workerd === undefined) throw new FunctionStartError('the engine for functions is not installed');
  const [config, sockets] = [join(folder, 'c'), join(folder, 's')];
  if (!isSandboxed || bwrap === undefined) {
    return { program: workerd, args: ['serve', join(config, configFiles.config)], environment: {} };
  }
  const program = `${sandboxFolder}/workerd`;
  const args = ['serve', `${sandboxFolder}/config/${configFiles.config}`];
  return sandboxed(bwrap, { program, args, folder: sandboxFolder }, [
    { from: workerd, to: program },
    { from: config, to: `${sandboxFolder}/config` },
    { from: sockets, to: `${sandboxFolder}/sockets`, writable: true },
  ]);
}

/** What the process reads at its start. */
async function writeProcessFiles({ folder, spec, isSandboxed }: ProcessSettings): Promise<void> {
  const config = join(folder, 'c');
  const text = writeWorkerConfig({
    socketFolder: isSandboxed ? `${sandboxFolder}/sockets` : join(folder, 's'),
    emptyFolder: isSandboxed ? `${sandboxFolder}/empty` : join(folder, 'e'),
    heapMb: spec.limits.heapMb,
    environment: spec.environment,
    hasEgress: spec.egress !== undefined,
  });
  await Promise.all([
    writeFile(join(config, configFiles.config), text, { mode: 0o600 }),
    writeFile(join(config, configFiles.entry), entryModule, { mode: 0o600 }),
    writeFile(join(config, configFiles.guest), spec.source, { mode: 0o600 }),
  ]);
}

/** The engine tells of its own defaults; nobody can do anything about that. */
function isNoise(text: string): boolean {
  return text.includes('became the default as of');
}
