import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, Driver, Sandbox } from '../../src/runtime/contract.ts';
import { defaultLimits } from '../../src/runtime/index.ts';
import type { HostileProgram, HostileResult, HostileWorld } from './hostile-program.ts';

const interpreters = {
  sh: ['/bin/sh', '-c'],
  perl: ['perl', '-e'],
  python3: ['python3', '-c'],
  node: ['node', '-e'],
} as const;

/** Bounds of every program that names none: small, since what is tried may succeed. */
export const hostileLimits = {
  ...defaultLimits,
  cpuMs: 8000,
  wallMs: 15_000,
  memoryBytes: 128 * 1024 * 1024,
  processes: 64,
};

/** A sandbox that was seen to be one, from inside. */
export interface VerifiedSandbox {
  readonly sandbox: Sandbox;
  readonly marker: string;
}

/** Makes a sandbox and makes sure that it is one. Nothing hostile is ever started before. */
export async function openVerified(driver: Driver, limits = hostileLimits): Promise<VerifiedSandbox> {
  const marker = randomBytes(16).toString('hex');
  const sandbox = await driver.create({ limits, environment: { SWITCHYARD_HOSTILE: marker } });
  return { sandbox, marker };
}

/**
 * Runs a hostile program, and refuses to unless the marker and namespaces other than ours are seen in the place where
 * it would run. There is no way to run one on the host, not even for comparison.
 */
export async function runHostile(
  { sandbox, marker }: VerifiedSandbox,
  program: Pick<HostileProgram, 'language' | 'limits'>,
  text: string,
): Promise<HostileResult> {
  const seen = await collect(sandbox, {
    argv: ['/bin/sh', '-c', 'echo "$SWITCHYARD_HOSTILE"; readlink /proc/self/ns/pid /proc/self/ns/mnt'],
  });
  const [word, processes, mounts] = seen.stdout.split('\n');
  const isInside =
    word === marker &&
    /^pid:\[\d+\]$/.test(processes ?? '') &&
    /^mnt:\[\d+\]$/.test(mounts ?? '') &&
    processes !== readlinkSync('/proc/self/ns/pid') &&
    mounts !== readlinkSync('/proc/self/ns/mnt');
  if (!isInside) throw new Error('This is no sandbox: the hostile program is not run.');
  return collect(sandbox, {
    argv: [...interpreters[program.language], text],
    ...(program.limits && { limits: program.limits }),
  });
}

async function collect(sandbox: Sandbox, command: Command): Promise<HostileResult> {
  const execution = await sandbox.exec(command);
  const text = { stdout: '', stderr: '' };
  for await (const { stream, bytes } of execution.output()) text[stream] += Buffer.from(bytes).toString('latin1');
  return { exit: await execution.exited, ...text };
}

/** What hostile programs are let loose near: canaries of the host, listening on loopback only, and a neighbour. */
export async function layCanaries(driver: Driver): Promise<Omit<HostileWorld, 'sandbox'> & { clear(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-hostile-'));
  chmodSync(folder, 0o755);
  const canaryFile = join(folder, 'canary');
  const canaryWord = `canary-${randomBytes(8).toString('hex')}`;
  writeFileSync(canaryFile, canaryWord, { mode: 0o644 });
  let reached = 0;
  const servers: Server[] = [];
  const listen = async (at: { port: number; host: string } | { path: string }): Promise<Server> => {
    const server = createServer((socket) => {
      reached += 1;
      socket.destroy();
    });
    servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(at, resolve);
    });
    return server;
  };
  const tcp = await listen({ port: 0, host: '127.0.0.1' });
  const address = tcp.address();
  const canaryPort = typeof address === 'object' && address !== null ? address.port : 0;
  const socketPath = join(folder, 'socket');
  const socketName = `switchyard-${randomBytes(4).toString('hex')}`;
  await listen({ path: socketPath });
  chmodSync(socketPath, 0o777);
  await listen({ path: `\0${socketName}` });
  const { sandbox: neighbour } = await openVerified(driver);
  const neighbourWord = `neighbour-${randomBytes(8).toString('hex')}`;
  const bytes = Buffer.from(neighbourWord);
  await neighbour.files.write([
    { path: 'secret', bytes },
    { path: '/tmp/secret', bytes },
  ]);
  return {
    neighbour,
    neighbourWord,
    canaryFile,
    canaryWord,
    canaryPort,
    socketPath,
    socketName,
    reached: () => reached,
    async clear() {
      for (const server of servers) server.close();
      await neighbour.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
