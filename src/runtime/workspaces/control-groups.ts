import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Limits } from '../contract.ts';
import { endProcess } from './process-scan.ts';

/** What a group of processes used; absent where its controller is not there. */
export interface GroupUsage {
  readonly cpuMs?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly peakMemoryBytes?: number | undefined;
  readonly processes?: number | undefined;
  /** How often the kernel ended a process for memory. */
  readonly memoryKills?: number | undefined;
  /** How often a process was refused. */
  readonly refusedProcesses?: number | undefined;
}

/** The control group of one sandbox. */
export interface ControlGroup {
  /** Files into which a process writes `0` to join. */
  readonly joinFiles: readonly string[];
  usage(): GroupUsage;
  /** Sets other limits. */
  limit(limits: Limits): void;
  /** Whether no process is left. */
  isEmpty(): boolean;
  /** False while processes are left. */
  remove(): boolean;
}

/** The control groups of this machine. */
export interface ControlGroups {
  readonly version: 'v1' | 'v2';
  readonly controllers: readonly string[];
  open(name: string, limits: Limits): ControlGroup;
  /** Names of groups that exist, of whichever supervisor, and a handle to clear each. */
  leftovers(): { readonly name: string; clear(): boolean }[];
}

const prefix = 'switchyard.';
const v1Controllers = ['memory', 'pids', 'cpu', 'cpuacct'] as const;

/** Finds control groups that we may make; undefined when there are none, as for most ordinary users. */
export function findControlGroups(root = '/sys/fs/cgroup', own = readOwn()): ControlGroups | undefined {
  const unified = own.find(({ controllers }) => controllers.length === 0);
  if (isFile(join(root, 'cgroup.controllers'))) return findUnified(root, unified?.path ?? '/');
  const bases = v1Controllers.flatMap((controller) => {
    const path = own.find(({ controllers }) => controllers.includes(controller))?.path;
    const base = [path, '/'].map((at) => join(root, controller, at ?? '/')).find(canMakeGroups);
    return base === undefined ? [] : [{ controller, base }];
  });
  return bases.length === 0 ? undefined : groupsOf('v1', bases);
}

interface Base {
  readonly controller: string;
  readonly base: string;
}

function findUnified(root: string, path: string): ControlGroups | undefined {
  for (const base of new Set([join(root, path), root])) {
    tryWrite(join(base, 'cgroup.subtree_control'), '+memory +pids +cpu');
    if (!canMakeGroups(base)) continue;
    const controllers = (read(join(base, 'cgroup.subtree_control')) ?? '').split(/\s+/);
    const usable = ['memory', 'pids', 'cpu'].filter((controller) => controllers.includes(controller));
    if (usable.length > 0) {
      return groupsOf(
        'v2',
        usable.map((controller) => ({ controller, base })),
      );
    }
  }
  return undefined;
}

function groupsOf(version: 'v1' | 'v2', bases: readonly Base[]): ControlGroups {
  const roots = [...new Set(bases.map(({ base }) => base))];
  const clear = (name: string): boolean => {
    for (const root of roots) endProcesses(join(root, name));
    return roots.map((root) => removeFolder(join(root, name))).every(Boolean);
  };
  return {
    version,
    controllers: bases.map(({ controller }) => controller),
    open(name, limits) {
      const folders = roots.map((root) => join(root, prefix + name));
      for (const folder of folders) mkdirSync(folder, { recursive: true });
      const limit = (wanted: Limits): void => {
        for (const { controller, base } of bases) {
          setLimits(version, { controller, base: join(base, prefix + name) }, wanted);
        }
      };
      limit(limits);
      const at = (controller: string): string | undefined => {
        const base = bases.find((one) => one.controller === controller)?.base;
        return base === undefined ? undefined : join(base, prefix + name);
      };
      return {
        joinFiles: folders.map((folder) => join(folder, 'cgroup.procs')),
        limit,
        usage: () => (version === 'v1' ? usageV1(at) : usageV2(at)),
        isEmpty: () => folders.every((folder) => (read(join(folder, 'cgroup.procs')) ?? '').trim() === ''),
        remove: () => folders.map(removeFolder).every(Boolean),
      };
    },
    leftovers: () =>
      [...new Set(roots.flatMap((root) => listGroups(root)))].map((name) => ({
        name: name.slice(prefix.length),
        clear: () => clear(name),
      })),
  };
}

function setLimits(version: 'v1' | 'v2', { controller, base }: Base, limits: Limits): void {
  const settings: Record<string, readonly (readonly [string, string])[]> =
    version === 'v1'
      ? {
          memory: [
            ['memory.limit_in_bytes', String(limits.memoryBytes)],
            ['memory.memsw.limit_in_bytes', String(limits.memoryBytes)],
            ['memory.swappiness', '0'],
          ],
          // Two are ours: the sandbox's first process and its keeper.
          pids: [['pids.max', String(limits.processes + ownProcesses)]],
          cpu: [
            ['cpu.cfs_period_us', '100000'],
            ['cpu.cfs_quota_us', '100000'],
            // An eighth of an ordinary process's part where there is not enough for all: the gateway comes first. The
            // kernel hands that part out in whole ticks, and who wakes up in one waits for its end, so that a greater
            // part is felt in the gateway's slowest answers; with a much smaller one guests starve on a busy host.
            ['cpu.shares', '128'],
          ],
        }
      : {
          memory: [
            ['memory.max', String(limits.memoryBytes)],
            ['memory.swap.max', '0'],
          ],
          pids: [['pids.max', String(limits.processes + ownProcesses)]],
          cpu: [
            ['cpu.max', '100000 100000'],
            ['cpu.weight', '12'],
          ],
        };
  for (const [file, value] of settings[controller] ?? []) tryWrite(join(base, file), value);
}

/** bubblewrap's two processes, the keeper, and the launcher of a command with its child before it becomes the guest's. */
const ownProcesses = 5;

type Place = (controller: string) => string | undefined;

function usageV1(at: Place): GroupUsage {
  const nanos = numberIn(at('cpuacct'), 'cpuacct.usage');
  return {
    cpuMs: nanos === undefined ? undefined : nanos / 1e6,
    memoryBytes: numberIn(at('memory'), 'memory.usage_in_bytes'),
    peakMemoryBytes: numberIn(at('memory'), 'memory.max_usage_in_bytes'),
    memoryKills: fieldIn(at('memory'), 'memory.oom_control', 'oom_kill'),
    processes: numberIn(at('pids'), 'pids.current'),
    refusedProcesses: fieldIn(at('pids'), 'pids.events', 'max'),
  };
}

function usageV2(at: Place): GroupUsage {
  const micros = fieldIn(at('cpu'), 'cpu.stat', 'usage_usec');
  return {
    cpuMs: micros === undefined ? undefined : micros / 1e3,
    memoryBytes: numberIn(at('memory'), 'memory.current'),
    peakMemoryBytes: numberIn(at('memory'), 'memory.peak'),
    memoryKills: fieldIn(at('memory'), 'memory.events', 'oom_kill'),
    processes: numberIn(at('pids'), 'pids.current'),
    refusedProcesses: fieldIn(at('pids'), 'pids.events', 'max'),
  };
}

function numberIn(folder: string | undefined, file: string): number | undefined {
  const text = folder === undefined ? undefined : read(join(folder, file));
  return text === undefined ? undefined : Number(text);
}

function fieldIn(folder: string | undefined, file: string, field: string): number | undefined {
  const text = folder === undefined ? undefined : read(join(folder, file));
  const line = text?.split('\n').find((one) => one.startsWith(`${field} `));
  return line === undefined ? undefined : Number(line.slice(field.length + 1));
}

function endProcesses(folder: string): void {
  for (const text of (read(join(folder, 'cgroup.procs')) ?? '').split('\n')) {
    const pid = Number(text);
    if (Number.isInteger(pid) && pid > 1) endProcess(pid);
  }
}

function listGroups(root: string): string[] {
  try {
    return readdirSync(root).filter((name) => name.startsWith(prefix));
  } catch {
    return []; // The hierarchy is gone with its container.
  }
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Whether groups can be made below: by making one, since modes and mount flags do not tell. */
function canMakeGroups(base: string): boolean {
  const trial = join(base, `${prefix}trial.${process.pid}`);
  try {
    mkdirSync(trial);
    rmdirSync(trial);
    return true;
  } catch {
    return false;
  }
}

function readOwn(): { readonly controllers: readonly string[]; readonly path: string }[] {
  return (read('/proc/self/cgroup') ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      return { controllers: controllers === '' ? [] : controllers.split(','), path };
    });
}

function tryWrite(file: string, value: string): void {
  try {
    writeFileSync(file, value);
  } catch {
    // What could not be set does not hold; the probe finds out.
  }
}

/** Files of the kernel are small and have no size to ask for; they are read many times a second. */
function read(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return undefined; // The controller or the group is not there.
  }
  try {
    const bytes = Buffer.allocUnsafe(4096);
    const length = readSync(descriptor, bytes, 0, bytes.length, 0);
    return length < bytes.length ? bytes.toString('latin1', 0, length) : readFileSync(file, 'latin1');
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

function isFile(file: string): boolean {
  return read(file) !== undefined;
}
