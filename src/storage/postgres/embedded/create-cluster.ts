import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAtomically } from '../../atomic-file.ts';
import { DatabaseError } from '../database-error.ts';
import { describeFailure } from './describe-failure.ts';
import type { Launcher } from './launcher.ts';
import { majorOf, type PostgresBinaries } from './postgres-binaries.ts';

/** Where the files of one embedded server lie. */
export interface ClusterFolder {
  /** Ours: lock, password, ballast. */
  readonly folder: string;
  /** The server's own. */
  readonly data: string;
}

/** Name of the only role, which owns everything. */
export const clusterRole = 'switchyard';

const initdbParameters = [
  `--username=${clusterRole}`,
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--no-instructions',
  // The locale of the machine may be missing or change; this one is part of the server.
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--text-search-config=simple',
];

/** Makes the data folder of the server if there is none; a crash while making leaves nothing that looks finished. */
export async function createCluster(
  { folder, data }: ClusterFolder,
  { binaries, launcher }: { binaries: PostgresBinaries; launcher: Launcher },
): Promise<{ created: boolean }> {
  if (existsSync(join(data, 'PG_VERSION'))) {
    await checkMajor(data, binaries);
    return { created: false };
  }
  const unfinished = `${data}.tmp`;
  await rm(unfinished, { recursive: true, force: true });
  const passwordFile = join(folder, 'password');
  await writeAtomically(passwordFile, randomBytes(24).toString('base64url'), { durable: true });
  await runInitdb({ unfinished, passwordFile, binaries, launcher });
  await rename(unfinished, data);
  await syncFolder(dirname(data));
  return { created: true };
}

/** Password of the only role. */
export async function readPassword(folder: string): Promise<string> {
  return readFile(join(folder, 'password'), 'utf8');
}

async function checkMajor(data: string, binaries: PostgresBinaries): Promise<void> {
  const found = Number.parseInt(await readFile(join(data, 'PG_VERSION'), 'utf8'), 10);
  const ours = majorOf(binaries.packageVersion);
  if (found === ours) return;
  throw new DatabaseError(
    'major_mismatch',
    `the database in ${data} was written by Postgres ${found}, this program brings Postgres ${ours}: make a backup with the program that wrote it and restore it into a new folder`,
  );
}

async function runInitdb(parts: {
  unfinished: string;
  passwordFile: string;
  binaries: PostgresBinaries;
  launcher: Launcher;
}): Promise<void> {
  const { unfinished, passwordFile, binaries, launcher } = parts;
  await mkdir(unfinished, { mode: 0o700 });
  const files = [`--pgdata=${unfinished}`, `--pwfile=${passwordFile}`];
  const [program = '', ...parameters] = [...launcher.prefix, binaries.initdb, ...files, ...initdbParameters];
  const child = spawn(program, parameters, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: serverEnvironment(),
    ...launcher.identity,
  });
  const lines: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => lines.push(text));
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  if (code === 0) return;
  await rm(unfinished, { recursive: true, force: true });
  throw describeFailure(`the database could not be created in ${unfinished}`, lines.join('') || String(code));
}

/** Nothing of the caller's settings may change what the server does. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP, TMP } = process.env;
  return { PATH, SystemRoot, TEMP, TMP, TZ: 'UTC', LC_ALL: 'C', LANG: 'C' };
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // Folders cannot be opened there.
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
