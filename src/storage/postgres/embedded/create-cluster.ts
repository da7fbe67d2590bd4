import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAtomically } from '../../atomic-file.ts';
import { DatabaseError } from '../database-error.ts';
import { describeSize, freeBytes } from './ballast.ts';
import type { ClusterPlace } from './cluster-place.ts';
import { describeFailure } from './describe-failure.ts';
import type { Launcher } from './launcher.ts';
import { majorOf } from './postgres-binaries.ts';

/** Name of the only role, which owns everything. */
export const clusterRole = 'switchyard';

const passwordFile = 'password';
/** A new server takes 40 MiB; with less than this it would stop within minutes. */
const roomForClusterBytes = 192 * 1024 * 1024;

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
export async function createCluster(place: ClusterPlace, launcher: Launcher): Promise<void> {
  const { folder, data, binaries } = place;
  if (existsSync(join(data, 'PG_VERSION'))) {
    await checkMajor(data, majorOf(binaries.packageVersion));
    return;
  }
  await checkRoom(dirname(data));
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const password = randomBytes(24).toString('base64url');
  await writeAtomically(join(folder, passwordFile), password, { durable: true });
  // A copy, since the server's user may not be able to read ours.
  const initialPassword = `${unfinished}.password`;
  try {
    await writeAtomically(initialPassword, password, { durable: false });
    await mkdir(unfinished, { mode: 0o700 });
    for (const path of launcher.identity === undefined ? [] : [initialPassword, unfinished]) {
      await chown(path, launcher.identity?.uid ?? 0, launcher.identity?.gid ?? 0);
    }
    await runInitdb({ unfinished, initialPassword, place, launcher });
    await rename(unfinished, data);
    await syncFolder(dirname(data));
  } finally {
    await rm(initialPassword, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Password of the only role. */
export async function readPassword(folder: string): Promise<string> {
  return readFile(join(folder, passwordFile), 'utf8');
}

async function checkMajor(data: string, ours: number): Promise<void> {
  const found = Number.parseInt(await readFile(join(data, 'PG_VERSION'), 'utf8'), 10);
  if (found === ours) return;
  throw new DatabaseError(
    'major_mismatch',
    `the database in ${data} was written by Postgres ${found} and this program brings Postgres ${ours}: make a backup with the program that wrote it and restore it into a new folder`,
  );
}

async function checkRoom(folder: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= roomForClusterBytes) return;
  throw new DatabaseError(
    'disk_full',
    `the disk of ${folder} is full: the database needs ${describeSize(roomForClusterBytes)} to begin, ${describeSize(free)} are free`,
  );
}

async function runInitdb(parts: {
  unfinished: string;
  initialPassword: string;
  place: ClusterPlace;
  launcher: Launcher;
}): Promise<void> {
  const { unfinished, initialPassword, place, launcher } = parts;
  const files = [`--pgdata=${unfinished}`, `--pwfile=${initialPassword}`];
  const [program = '', ...parameters] = [...launcher.prefix, place.binaries.initdb, ...files, ...initdbParameters];
  const child = spawn(program, parameters, {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: place.binaries.root,
    env: serverEnvironment(),
    ...launcher.identity,
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  if (code !== 0)
    throw describeFailure(`the database could not be created in ${dirname(unfinished)}`, output || String(code));
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
