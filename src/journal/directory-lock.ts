import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JournalError } from './journal-error.ts';

/** Who holds a journal folder. */
interface LockHolder {
  readonly pid: number;
  readonly bootId: string;
  /** Start time of the process in clock ticks since boot: a pid alone may have been given to somebody else. */
  readonly startTicks: string;
}

/** A held lock. */
export interface DirectoryLock {
  release(): void;
}

const fileName = 'lock';

/** Makes this process the only writer of a folder, or says who is; takes over what a dead process left. */
export function lockDirectory(folder: string): DirectoryLock {
  const path = join(folder, fileName);
  const mine = JSON.stringify(describeSelf());
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    if (!linkExclusively(draft, path)) {
      takeOver(path);
      if (!linkExclusively(draft, path)) throw new JournalError('locked', `another process has just taken ${folder}`);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release: () => {
      if (readText(path) === mine) rmSync(path, { force: true });
    },
  };
}

/** A link appears with its content or not at all, where an exclusive open would show an empty file for a moment. */
function linkExclusively(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function takeOver(path: string): void {
  const found = readText(path);
  if (found === undefined) return;
  const holder = parseHolder(found);
  if (holder && isAlive(holder)) {
    throw new JournalError('locked', `the journal is in use by process ${holder.pid} (${path})`);
  }
  // Two processes may see the same stale lock: only the one that moves this very file away goes on.
  const aside = `${path}.stale.${process.pid}`;
  renameSync(path, aside);
  const moved = readText(aside);
  if (moved !== found) {
    linkExclusively(aside, path);
    rmSync(aside, { force: true });
    throw new JournalError('locked', `another process has just taken ${path}`);
  }
  rmSync(aside, { force: true });
}

function isAlive(holder: LockHolder): boolean {
  if (holder.bootId !== bootId()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  return startTicks(holder.pid) === holder.startTicks;
}

function describeSelf(): LockHolder {
  return { pid: process.pid, bootId: bootId(), startTicks: startTicks(process.pid) };
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const value: LockHolder = JSON.parse(text);
    return value;
  } catch {
    return undefined; // A lock nobody can read belongs to nobody.
  }
}

function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

/** Field 22 of the process status, counted behind the command name, which may contain anything. */
function startTicks(pid: number): string {
  const status = readText(`/proc/${pid}/stat`);
  return status?.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // Absent here means: no such file, or no such facility on this system.
  }
}
