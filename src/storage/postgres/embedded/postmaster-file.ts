import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isProcessAlive, processStartTicks } from '../../../platform/folder-lock.ts';
import { DatabaseError } from '../database-error.ts';

const fileName = 'postmaster.pid';
/** Between the start of the process and the moment it writes its file. */
const startToleranceS = 30;
const ticksPerSecond = 100;

/** How long a server that lost its gateway is waited for, by what it is told. */
export interface Patience {
  readonly alone: number;
  readonly interrupted: number;
  readonly quit: number;
}

const defaultPatienceMs: Patience = { alone: 5_000, interrupted: 30_000, quit: 10_000 };

/**
 * Clears the way for a new server. A file left by a crash is removed unless its process is that very server: after a
 * reboot the pid may belong to anybody. A server that outlived its gateway is stopping and is waited for.
 */
export async function clearPostmasterFile(data: string, patienceMs: Patience = defaultPatienceMs): Promise<void> {
  const path = join(data, fileName);
  if (!existsSync(path)) return;
  const [pid = 0, , startedAtS = 0] = readFileSync(path, 'utf8').split('\n').map(Number);
  const runs = (): boolean => isThatServer({ pid, startedAtS, data });
  if (await endsWithin(runs, patienceMs.alone)) return rm(path, { force: true });
  process.kill(pid, 'SIGINT');
  if (await endsWithin(runs, patienceMs.interrupted)) return rm(path, { force: true });
  process.kill(pid, 'SIGQUIT');
  if (await endsWithin(runs, patienceMs.quit)) return rm(path, { force: true });
  throw new DatabaseError(
    'locked',
    `the database server ${pid} from an earlier start runs on in ${data} and does not stop`,
  );
}

async function endsWithin(runs: () => boolean, durationMs: number): Promise<boolean> {
  const stepMs = 20;
  for (let waitedMs = 0; runs(); waitedMs += stepMs) {
    if (waitedMs >= durationMs) return false;
    await wait(stepMs);
  }
  return true;
}

/** Is the process of the file alive, and the server that wrote it? */
function isThatServer({ pid, startedAtS, data }: { pid: number; startedAtS: number; data: string }): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isProcessAlive(pid)) return false;
  const bootedAtS = readBootTime();
  if (bootedAtS === undefined) {
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.includes(data);
  }
  const processStartS = bootedAtS + Number(processStartTicks(pid)) / ticksPerSecond;
  return Math.abs(processStartS - startedAtS) <= startToleranceS && commandLine(pid).includes(data);
}

function readBootTime(): number | undefined {
  try {
    const seconds = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
    return seconds === undefined ? undefined : Number(seconds);
  } catch {
    return undefined; // A system without /proc.
  }
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // It has just ended.
  }
}
