import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findControlGroups } from '../../src/runtime/workspaces/control-groups.ts';

/** What was left after a supervisor had been killed. */
export interface Leftovers {
  /** Processes that were its sandboxes', once the kernel had a moment. */
  readonly processes: number;
  /** Groups that only the next supervisor removes. */
  readonly groups: number;
}

const victim = fileURLToPath(new URL('./supervisor-victim.ts', import.meta.url));
const patienceMs = 15_000;

/** Starts a supervisor, kills it with -9 after so many of its sandboxes run, and counts what is left of it. */
export async function killSupervisor(
  dataFolder: string,
  { after, groups }: { readonly after: number; readonly groups?: 'none' },
): Promise<Leftovers | 'unusable'> {
  const argv = ['--import', 'tsx', victim, dataFolder, ...(groups ? [groups] : [])];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  let running = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'unusable') return 'unusable';
    if (line.startsWith('runs ')) running += 1;
    if (running >= after) break;
  }
  child.kill('SIGKILL');
  await exited;
  const mark = `switchyard-keeper-${child.pid}-`;
  const until = performance.now() + patienceMs;
  while (processesOf(mark) > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  const left = (findControlGroups()?.leftovers() ?? []).filter(({ name }) => name.startsWith(mark));
  return { processes: processesOf(mark), groups: left.length };
}

/** Processes in groups of a supervisor, and keepers that carry its mark. */
function processesOf(mark: string): number {
  const inGroups = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    return read(`/proc/${pid}/cgroup`).includes(mark) || read(`/proc/${pid}/cmdline`).includes(mark);
  });
  return inGroups.length;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It ended.
  }
}
