import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LoadJob } from './load-jobs.ts';

const readyTimeoutMs = 60_000;
const ticksPerSecond = 100;

/** A process that takes part in the run. */
export interface BenchProcess {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** Where a process of the product or of a peer tells that it listens. */
export interface ServerCommand {
  readonly parameters: readonly string[];
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** First group is the port, or the port is known already. */
  readonly ready: RegExp;
  readonly port?: number;
}

/** Starts one of our own helpers (TypeScript, port told over IPC). */
export async function startHelper(file: string, parameters: readonly string[] = []): Promise<BenchProcess> {
  const { child, port } = await forkHelper(file, parameters);
  return { pid: child.pid ?? 0, port, stop: () => stop(child) };
}

/** The load generator, which takes one job at a time. */
export interface LoadGenerator extends BenchProcess {
  run<Result extends object>(job: LoadJob): Promise<Result>;
}

/** Starts the load generator. */
export async function startLoadGenerator(): Promise<LoadGenerator> {
  const { child, port } = await forkHelper('load-generator.ts', []);
  return {
    pid: child.pid ?? 0,
    port,
    stop: () => stop(child),
    run: <Result extends object>(job: LoadJob) =>
      new Promise<Result>((resolve, reject) => {
        const died = (code: number | null): void => reject(new Error(`the load generator ended with ${code}`));
        child.once('exit', died);
        child.once('message', (result) => {
          child.off('exit', died);
          resolve(result as Result);
        });
        child.send(job);
      }),
  };
}

/** Starts a server with this Node and waits for the line that tells its port. */
export function startServer(command: ServerCommand): Promise<BenchProcess> {
  const child = spawn(process.execPath, command.parameters, {
    cwd: command.folder,
    env: command.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => fail('was not ready in time'), readyTimeoutMs);
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${command.parameters.join(' ')} ${why}: ${output.slice(-2000)}`));
    };
    const onExit = (code: number | null): void => fail(`ended with ${code}`);
    const read = (text: Buffer): void => {
      if (output.length < 10_000) output += text.toString();
      const found = command.ready.exec(output);
      if (!found || child.pid === undefined) return;
      clearTimeout(timer);
      child.off('exit', onExit);
      output = ' '.repeat(10_000);
      resolve({ pid: child.pid, port: command.port ?? Number(found[1]), stop: () => stop(child) });
    };
    child.once('exit', onExit);
    child.stdout.on('data', read);
    child.stderr.on('data', read);
  });
}

/**
 * Puts the main thread of a process on one core; false where the system has no `taskset`. Its other threads go where
 * there is room, as in production: what a server does beside its main thread is not to wait for that thread.
 */
export function pinToCore(pid: number, core: number): boolean {
  return spawnSync('taskset', ['-cp', String(core), String(pid)], { stdio: 'ignore' }).status === 0;
}

/** CPU time of all threads so far, milliseconds; 0 where there is no /proc. */
export function cpuMsOf(pid: number): number {
  const text = readProc(pid, 'stat');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1000) / ticksPerSecond;
}

const restLookMs = 1000;
const restingShare = 0.1;
const longestUnrestMs = 60_000;

/** Waits until a process has done what it does after its start, such as filling a database; not for ever. */
export async function atRest({ pid }: BenchProcess): Promise<void> {
  const endMs = performance.now() + longestUnrestMs;
  for (let usedMs = Number.POSITIVE_INFINITY; usedMs > restLookMs * restingShare && performance.now() < endMs;) {
    const beforeMs = cpuMsOf(pid);
    await pause(restLookMs);
    usedMs = cpuMsOf(pid) - beforeMs;
  }
}

/** Resident memory, MiB; 0 where there is no /proc. */
export function rssMebibytesOf(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readProc(pid, 'status'))?.[1] ?? 0;
  return Math.round((Number(kibibytes) / 1024) * 10) / 10;
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    // Not Linux, or the process is gone: the column stays 0.
    return '';
  }
}

async function forkHelper(file: string, parameters: readonly string[]): Promise<{ child: ChildProcess; port: number }> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, parameters, { execArgv: ['--import', 'tsx'] });
  const ready = await new Promise<{ port: number }>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
    child.once('message', (message) => resolve(message as { port: number }));
  });
  return { child, port: ready.port };
}

/** Asks a process to end, and makes it end when it does not. */
function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
