import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What processes of one sandbox use together, as far as `/proc` tells. */
export interface ScannedUsage {
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly processes: number;
}

const pageBytes = 4096;
const ticksPerSecond = 100;

/** The process-id namespace of a process; undefined when it is gone. */
export function processSpace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** Sums over all processes of a namespace: for machines without control groups, where nothing else counts for us. */
export function scanSpace(space: string): ScannedUsage {
  const total = { cpuMs: 0, memoryBytes: 0, processes: 0 };
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || processSpace(pid) !== space) continue;
    const fields = statFields(pid);
    if (!fields) continue;
    total.processes += 1;
    total.cpuMs += ((fields.userTicks + fields.systemTicks) * 1000) / ticksPerSecond;
    total.memoryBytes += fields.residentPages * pageBytes;
  }
  return total;
}

/** bubblewrap's first process, which collects the dead, and the keeper: they hold a sandbox. */
const holders = 2;

/**
 * Ends what runs in a namespace besides the two processes that hold it. False while more may be there: somebody was
 * ended now, or a process of the machine vanished before it was known whose it was, as one that forks on and on does.
 */
export function endGuests(space: string): boolean {
  let isClear = true;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const home = processSpace(pid);
    if (home === undefined && !existsSync(`/proc/${pid}`)) isClear = false;
    if (home !== space || (guestPid(pid) ?? Infinity) <= holders || isDead(pid)) continue;
    isClear = false;
    endProcess(pid);
  }
  return isClear;
}

/** Whether it only waits to be collected. */
function isDead(pid: number): boolean {
  return readStat(pid)?.[0] === 'Z';
}

/** Ends a process that may be gone already. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** The number of a process in its innermost namespace, as its neighbours there know it. */
export function guestPid(pid: number): number | undefined {
  try {
    const line = /^NSpid:\s*(.+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return line === undefined ? undefined : Number(line.split(/\s+/).at(-1));
  } catch {
    return undefined; // It ended.
  }
}

/** When a process started, in ticks since boot: with its id it names a process for good. */
export function startTicks(pid: number): string | undefined {
  return readStat(pid)?.[19];
}

function statFields(pid: number): { userTicks: number; systemTicks: number; residentPages: number } | undefined {
  const fields = readStat(pid);
  if (!fields) return undefined;
  // Children that were waited for are part of it: a tree of short-lived processes uses CPU as well.
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number);
  return {
    userTicks: (user ?? 0) + (childUser ?? 0),
    systemTicks: (system ?? 0) + (childSystem ?? 0),
    residentPages: Number(fields[21]),
  };
}

/** Fields after the name, which may itself hold anything. */
function readStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // It ended.
  }
}
