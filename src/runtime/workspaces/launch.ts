import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { launcherScript } from './launcher-script.ts';

/** What the launcher is to do; see its script. */
export interface LaunchOrder {
  readonly argv: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  readonly user: number | undefined;
  /** Process whose namespaces are entered; absent when a sandbox is being made. */
  readonly enter?: number;
  readonly folder?: string;
  /** System call filter. */
  readonly filter?: Buffer;
  /** Resource limits: number, soft, hard. */
  readonly limits?: readonly (readonly [resource: number, soft: number, hard: number])[];
  /** Data for descriptors 5, 6 … of the program. */
  readonly extra?: readonly ('read' | Buffer)[];
}

/** A process that the launcher became or keeps. */
export interface Launched {
  readonly process: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Lines of the launcher. */
  readonly told: Readable;
  /** Descriptors 5, 6 … that are read. */
  readonly extra: readonly Readable[];
}

/** Numbers of resource limits, the same on every architecture that we know. */
export const rlimits = { cpu: 0, fileSize: 1, core: 4, processes: 6, openFiles: 7, addressSpace: 9 } as const;

/** Starts the launcher with an empty environment and hands it its order. */
export function launch(perl: string, order: LaunchOrder): Launched {
  const extra = order.extra ?? [];
  const child = spawn(perl, ['-e', launcherScript, process.arch], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', ...extra.map(() => 'pipe' as const)],
  });
  child.on('error', () => undefined); // Its end tells; unheard, the error would end us.
  const stream = (index: number): unknown => child.stdio[index as 0];
  const orders = stream(3) as Writable;
  // A launcher that could not start has closed them; its exit tells.
  for (const index of child.stdio.keys()) (stream(index) as Writable | null)?.on('error', () => undefined);
  orders.end(encodeOrder(order));
  for (const [index, data] of extra.entries()) {
    if (data !== 'read') (stream(5 + index) as Writable).end(data);
  }
  return {
    process: child,
    stdin: stream(0) as Writable,
    stdout: stream(1) as Readable,
    stderr: stream(2) as Readable,
    told: stream(4) as Readable,
    extra: extra.flatMap((data, index) => (data === 'read' ? [stream(5 + index) as Readable] : [])),
  };
}

/** Fields separated by NUL, which neither arguments nor variables can hold. */
function encodeOrder(order: LaunchOrder): string {
  const fields = [
    ...order.groups.map((file) => `group=${file}`),
    ...(order.user === undefined ? [] : [`user=${order.user}`]),
    ...(order.enter === undefined ? [] : [`enter=${order.enter}`, `folder=${order.folder ?? '/'}`]),
    ...(order.filter === undefined ? [] : [`filter=${order.filter.toString('hex')}`]),
    ...(order.limits ?? []).map((limit) => `limit=${limit.join(':')}`),
    ...Object.entries(order.environment ?? {}).map(([name, value]) => `env=${name}=${value}`),
    `parent=${process.pid}`,
    `extra=${order.extra?.length ?? 0}`,
    ...order.argv.map((argument) => `arg=${argument}`),
  ];
  if (fields.some((field) => field.includes('\0'))) throw new TypeError('An argument or variable holds a NUL byte.');
  return fields.join('\0');
}
