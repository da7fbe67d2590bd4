import { readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** What the system says of a process. */
export interface ProcessVitals {
  readonly cpuMs: number | undefined;
  readonly rssMb: number | undefined;
}

const unknown: ProcessVitals = { cpuMs: undefined, rssMb: undefined };
/** Clock ticks and pages of the /proc of Linux, which are fixed on every platform that Node runs on there. */
const tickMs = 10;
const pageBytes = 4096;

/** Reads CPU time and memory of a process; nothing where the system does not tell. */
export function readVitals(pid: number): ProcessVitals {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { cpuMs: ticks * tickMs, rssMb: (Number(fields[21]) * pageBytes) / 1024 / 1024 };
  } catch {
    // It ended, or this is no Linux.
    return unknown;
  }
}

/** The only child of a process: what a launcher started. */
export function childOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
    const child = Number(children[0]);
    return children.length === 1 && child > 0 ? child : undefined;
  } catch {
    // It ended, or the system does not list children.
    return undefined;
  }
}

const guestPriority = 5;

/** Puts a guest behind the gateway: where the processor is short, and where no memory is left. */
export function yieldToGateway(pid: number): void {
  try {
    setPriority(pid, guestPriority);
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // It ended, or this is no Linux: the watchdog still ends what takes too much.
  }
}
