import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findControlGroups } from '../../src/runtime/workspaces/control-groups.ts';

/** What is there of a supervisor. */
export interface Leftovers {
  readonly processes: number;
  readonly groups: number;
  /** In the folder that sandboxes' users can pass through. */
  readonly sockets: number;
}

const victim = fileURLToPath(new URL('./supervisor-victim.ts', import.meta.url));
/** The kernel ends a sandbox with its supervisor; one that was just being made is left to the next supervisor. */
const patienceMs = 3000;

/**
 * Starts a supervisor, kills it with -9 after so many of its sandboxes run, and tells what is left of it: before the
 * next one starts, and how to look again.
 */
export async function killSupervisor(
  dataFolder: string,
  { after, groups }: { readonly after: number; readonly groups?: 'none' },
): Promise<{ readonly left: Leftovers; look(): Leftovers } | 'unusable'> {
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
  const look = (): Leftovers => {
    const groupsLeft = (findControlGroups()?.leftovers() ?? []).filter(({ name }) => name.startsWith(mark));
    return { processes: processesOf(mark), groups: groupsLeft.length, sockets: socketsOf(dataFolder, child.pid ?? 0) };
  };
  return { left: look(), look };
}

/** Processes in groups of a supervisor, keepers that carry its mark, and what starts launchers on its socket. */
function processesOf(mark: string): number {
  const starter = `/sockets/${mark.replace('switchyard-keeper-', '')}`;
  const inGroups = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const command = read(`/proc/${pid}/cmdline`);
    return read(`/proc/${pid}/cgroup`).includes(mark) || command.includes(mark) || command.includes(starter);
  });
  return inGroups.length;
}

/** Sockets are named after the process that made them. */
function socketsOf(dataFolder: string, pid: number): number {
  const folders = [join(dataFolder, 'runtime', 'shelf', 'sockets'), '/var/lib/switchyard/shelf/sockets'];
  return folders.flatMap(namesIn).filter((name) => name.startsWith(`${pid}-`)).length;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Sockets lie in one of the places only.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It ended.
  }
}
