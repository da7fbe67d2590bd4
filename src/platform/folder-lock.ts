import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Who holds a folder. */
interface LockHolder {
  readonly pid: number;
  readonly bootId: string;
  /** Start time of the process in clock ticks since boot: a pid alone may have been given to somebody else. */
  readonly startTicks: string;
}

/** A held lock. */
export interface FolderLock {
  release(): void;
}

/** The folder belongs to somebody else, or was taken at this very moment. */
export class FolderLockedError extends Error {
  override readonly name = 'FolderLockedError';
  /** Undefined when another process was just faster. */
  readonly holderPid: number | undefined;
  readonly lockFile: string;

  constructor(lockFile: string, holderPid?: number) {
    super(
      holderPid === undefined
        ? `another process has just taken ${lockFile}`
        : `in use by process ${holderPid} (${lockFile})`,
    );
    this.holderPid = holderPid;
    this.lockFile = lockFile;
  }
}

const fileName = 'lock';

/**
 * Makes this process the only user of a folder, and takes over what a dead process left.
 * Throws FolderLockedError.
 */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, fileName);
  const mine = JSON.stringify(describeProcess(process.pid));
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    if (!linkExclusively(draft, path)) {
      takeOver(path);
      if (!linkExclusively(draft, path)) throw new FolderLockedError(path);
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

/** Does a process with this pid run now? */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Start time of a process in clock ticks since boot; empty where the system does not tell. */
export function processStartTicks(pid: number): string {
  // Field 22, counted behind the command name, which may contain anything.
  const status = readText(`/proc/${pid}/stat`);
  return status?.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
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
  if (holder && isAlive(holder)) throw new FolderLockedError(path, holder.pid);
  // Two processes may see the same stale lock: only the one that moves this very file away goes on.
  const aside = `${path}.stale.${process.pid}`;
  renameSync(path, aside);
  const moved = readText(aside);
  if (moved !== found) {
    linkExclusively(aside, path);
    rmSync(aside, { force: true });
    throw new FolderLockedError(path);
  }
  rmSync(aside, { force: true });
}

function isAlive(holder: LockHolder): boolean {
  if (holder.bootId !== bootId()) return false;
  return isProcessAlive(holder.pid) && processStartTicks(holder.pid) === holder.startTicks;
}

function describeProcess(pid: number): LockHolder {
  return { pid, bootId: bootId(), startTicks: processStartTicks(pid) };
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

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // Absent here means: no such file, or no such facility on this system.
  }
}
