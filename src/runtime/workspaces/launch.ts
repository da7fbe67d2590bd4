import type { Readable, Writable } from 'node:stream';

/** What a launcher is told of the sandbox; see its script. */
export interface LaunchPlace {
  readonly groups: readonly string[];
  readonly user: number | undefined;
  /** Process whose namespaces are entered; absent when a sandbox is being made. */
  readonly enter?: number;
  /** System call filter. */
  readonly filter?: Buffer;
  /** Data for descriptors 5, 6 … of the program. */
  readonly extra?: readonly ('read' | Buffer)[];
}

/** What it is told of the command. */
export interface LaunchCommand {
  readonly argv: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** Resource limits: number, soft, hard. */
  readonly limits?: readonly (readonly [resource: number, soft: number, hard: number])[];
}

/** A launcher that has done everything that does not depend on the command, or is about to. */
export interface ReadyLauncher {
  readonly isAlive: boolean;
  /** Once. */
  start(command: LaunchCommand): Promise<Launched>;
  /** Ends one that is not needed. */
  end(): void;
}

/** A process that the launcher became or keeps. */
export interface Launched {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Lines of the launcher. */
  readonly told: Readable;
  /** Descriptors 5, 6 … that are read. */
  readonly extra: readonly Readable[];
  /** Resolves when the launcher is gone, or has become what it was to run. */
  readonly ended: Promise<void>;
  /** Lets go of every descriptor. */
  close(): void;
}

/** Numbers of resource limits, the same on every architecture that we know. */
export const rlimits = { cpu: 0, fileSize: 1, core: 4, processes: 6, openFiles: 7, addressSpace: 9 } as const;

/** The part of an order that says where, as the launcher reads it. */
export function encodePlace(place: LaunchPlace): Buffer {
  return encode(describePlace(place));
}

/** The part that says what; throws where a field holds what none can. */
export function encodeCommand(command: LaunchCommand): Buffer {
  return encode(describeCommand(command));
}

function describePlace({ groups, user, enter, filter, extra }: LaunchPlace): string[] {
  return [
    ...groups.map((file) => `group=${file}`),
    ...(user === undefined ? [] : [`user=${user}`]),
    ...(enter === undefined ? [] : [`enter=${enter}`]),
    ...(filter === undefined ? [] : [`filter=${filter.toString('hex')}`]),
    `extra=${extra?.length ?? 0}`,
  ];
}

function describeCommand({ argv, environment, folder = '/', limits }: LaunchCommand): string[] {
  return [
    `folder=${folder}`,
    ...(limits ?? []).map((limit) => `limit=${limit.join(':')}`),
    ...Object.entries(environment ?? {}).map(([name, value]) => `env=${name}=${value}`),
    ...argv.map((argument) => `arg=${argument}`),
  ];
}

/** A length, then fields separated by NUL, which neither arguments nor variables can hold. */
function encode(fields: readonly string[]): Buffer {
  if (fields.some((field) => field.includes('\0'))) throw new TypeError('An argument or variable holds a NUL byte.');
  const text = Buffer.from(fields.join('\0'), 'utf8');
  return Buffer.concat([Buffer.from(`${text.length}\n`), text]);
}
