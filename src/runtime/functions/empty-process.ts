import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { entryModule } from './entry-module.ts';
import type { Engines } from './find-engines.ts';
import { FunctionStartError } from './function-start-error.ts';
import { type LaunchCommand, sandboxed } from './launch-command.ts';
import { LineSplitter } from './line-splitter.ts';
import { ModuleGate } from './module-gate.ts';
import { configFiles, lastSocket, socketNames, writeWorkerConfig } from './worker-config.ts';

/** What of a process is fixed before its app is known. */
export interface ProcessFrame {
  readonly heapMb: number;
  readonly hasEgress: boolean;
}

/** What an empty process is started with. */
export interface EmptyProcessSettings {
  readonly frame: ProcessFrame;
  readonly engines: Engines;
  /** Whether the operating system's sandbox goes around it. */
  readonly isSandboxed: boolean;
  /** Made for this process and removed with it. */
  readonly folder: string;
}

/** Where the engine tells which sockets it listens on. */
export const controlPipe = 3;

const sandboxFolder = '/app';
const longestControlLine = 4096;
/** Modules that come later are experimental to the engine; no worker of ours asks for anything else that is. */
const serve = ['serve', '--experimental', `--control-fd=${controlPipe}`];

/** Resolves when the engine says that it listens on the last of its sockets. */
export function listening(control: Readable | null): Promise<void> {
  return new Promise((resolve) => {
    const splitter = new LineSplitter(longestControlLine, (line) => {
      if (line.includes(`"socket":"${lastSocket}"`)) resolve();
    });
    control?.on('data', (chunk: Buffer) => splitter.push(chunk));
    control?.on('error', () => undefined);
  });
}

/** Makes the folder of a process, and the gate at which it gets its modules. */
export async function prepare({ folder, isSandboxed, frame }: EmptyProcessSettings): Promise<ModuleGate> {
  const [config, sockets, empty] = ['c', 's', 'e'].map((name) => join(folder, name)) as [string, string, string];
  await mkdir(config, { recursive: true, mode: 0o700 });
  await Promise.all([mkdir(sockets, { mode: 0o700 }), mkdir(empty, { mode: 0o700 })]);
  const text = writeWorkerConfig({
    socketFolder: isSandboxed ? `${sandboxFolder}/sockets` : sockets,
    emptyFolder: isSandboxed ? `${sandboxFolder}/empty` : empty,
    ...frame,
  });
  const [gate] = await Promise.all([
    ModuleGate.open(join(sockets, socketNames.modules)),
    writeFile(join(config, configFiles.config), text, { mode: 0o600 }),
    writeFile(join(config, configFiles.entry), entryModule, { mode: 0o600 }),
  ]);
  return gate;
}

/** How the engine is started, in the operating system's sandbox or without. */
export function launchCommand({ engines, isSandboxed, folder }: EmptyProcessSettings): LaunchCommand {
  const { workerd, bwrap } = engines;
  if (workerd === undefined) throw new FunctionStartError('the engine for functions is not installed');
  const [config, sockets] = [join(folder, 'c'), join(folder, 's')];
  if (!isSandboxed || bwrap === undefined) {
    return { program: workerd, args: [...serve, join(config, configFiles.config)], environment: {} };
  }
  const program = `${sandboxFolder}/workerd`;
  const args = [...serve, `${sandboxFolder}/config/${configFiles.config}`];
  return sandboxed(bwrap, { program, args, folder: sandboxFolder }, [
    { from: workerd, to: program },
    { from: config, to: `${sandboxFolder}/config` },
    { from: sockets, to: `${sandboxFolder}/sockets`, writable: true },
  ]);
}
