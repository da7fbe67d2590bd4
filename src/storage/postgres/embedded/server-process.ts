import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { serverEnvironment } from './create-cluster.ts';
import { describeFailure } from './describe-failure.ts';
import type { Launcher } from './launcher.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

/** What one run of the server needs. */
export interface ServerStart {
  readonly binaries: PostgresBinaries;
  readonly launcher: Launcher;
  readonly data: string;
  readonly port: number;
  readonly flags: { readonly [name: string]: string | number };
  readonly readyTimeoutMs: number;
  /** Called with what the server prints. */
  noticeOutput(text: string): void;
}

/** A running server. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends open transactions and stops; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

/**
 * The shell leaves a watcher behind and becomes the server. The watcher reads a pipe of which we hold the other end:
 * a word means that the server has ended, the end of the pipe means that we have died, however that happened. It is
 * nobody's child, so the server does not wonder about it.
 */
const watchedStart = `
server=$$
( (
  if read -r word <&3; then exit 0; fi
  kill -INT $server
  tries=0
  while kill -0 $server && [ $tries -lt 300 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -QUIT $server
) </dev/null >/dev/null 2>&1 & )
exec "$@" 3<&-`;

const readyLine = 'database system is ready to accept connections';
const keptOutputChars = 16_384;

/** Starts the server and resolves when it takes connections; throws DatabaseError when it does not. */
export async function startServer(start: ServerStart): Promise<ServerProcess> {
  const { child, leash } = spawnWatched(start);
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    // Not 'close': the watcher keeps the pipe open until it hears of the end.
    child.once('exit', () => resolve());
  });
  void ended.then(() => leash?.end('ended\n'));
  await untilReady(child, start);
  return { pid: child.pid ?? 0, ended, stop: () => stopServer(child, ended) };
}

function spawnWatched({ binaries, launcher, data, port, flags }: ServerStart): {
  child: ChildProcess;
  leash: Writable | undefined;
} {
  const settings = Object.entries({ ...flags, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [...launcher.prefix, binaries.postgres, '-D', data, ...settings];
  const [program = '', ...parameters] =
    process.platform === 'win32' ? command : ['/bin/sh', '-c', watchedStart, 'switchyard-postgres', ...command];
  const child = spawn(program, parameters, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    cwd: binaries.root,
    env: serverEnvironment(),
    // Its own process group: Ctrl-C is for us, who then stop it in order.
    detached: process.platform !== 'win32',
    ...launcher.identity,
  });
  const leash = child.stdio[3] as Writable | null | undefined;
  // The watcher may have gone already.
  leash?.on('error', () => undefined);
  return { child, leash: leash ?? undefined };
}

async function untilReady(child: ChildProcess, { data, readyTimeoutMs, noticeOutput }: ServerStart): Promise<void> {
  let output = '';
  let isReady = false;
  const what = `the database in ${data} does not start`;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGINT');
      reject(describeFailure(what, `not ready after ${readyTimeoutMs} ms`));
    }, readyTimeoutMs);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      noticeOutput(text);
      if (isReady) return;
      output = (output + text).slice(-keptOutputChars);
      if (!output.includes(readyLine)) return;
      isReady = true;
      clearTimeout(timer);
      resolve();
    });
    child.once('error', (error) => reject(describeFailure(what, error.message)));
    child.once('exit', () => {
      clearTimeout(timer);
      reject(describeFailure(what, output));
    });
  });
}

const fastStopMs = 30_000;

/** Never SIGKILL first: the server would have to recover, and its children would be orphans. */
async function stopServer(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGINT');
  const timers = [
    setTimeout(() => child.kill('SIGQUIT'), fastStopMs),
    setTimeout(() => child.kill('SIGKILL'), 2 * fastStopMs),
  ];
  await ended;
  for (const timer of timers) clearTimeout(timer);
}
