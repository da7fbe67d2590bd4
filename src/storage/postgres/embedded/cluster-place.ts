import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, cp, lchown, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAtomically } from '../../atomic-file.ts';
import type { Identity, Launcher } from './launcher.ts';
import { binariesIn, type PostgresBinaries } from './postgres-binaries.ts';

/** Where the files of one embedded server lie. */
export interface ClusterPlace {
  /** Ours: lock, password, ballast. */
  readonly folder: string;
  /** The server's own, which it creates under another name first; its parent belongs to whom the server runs as. */
  readonly data: string;
  readonly binaries: PostgresBinaries;
}

const pointerFile = 'location';

/** Where servers of other users are kept: folders of root are closed to them. */
const defaultStateFolder = '/var/lib/switchyard';

/** Has the data of this folder been moved to where another user can reach it? */
export function isMovedAway(folder: string): boolean {
  return existsSync(join(folder, pointerFile));
}

/** The server's own folder, wherever it is. */
export function readDataFolder(folder: string): string {
  const pointer = join(folder, pointerFile);
  return join(existsSync(pointer) ? readFileSync(pointer, 'utf8').trim() : folder, 'data');
}

/** Prepares what the launcher needs: usually nothing; for another user, copies that belong to that user. */
export async function preparePlace(
  { folder, stateFolder = defaultStateFolder }: { folder: string; stateFolder?: string },
  { binaries, launcher }: { binaries: PostgresBinaries; launcher: Launcher },
): Promise<ClusterPlace> {
  const { identity } = launcher;
  if (identity === undefined) return { folder, data: join(folder, 'data'), binaries };
  const away = isMovedAway(folder) ? dirname(readDataFolder(folder)) : placeAway(folder, stateFolder);
  await mkdir(stateFolder, { recursive: true, mode: 0o755 });
  await mkdir(away, { recursive: true, mode: 0o700 });
  await chown(away, identity.uid, identity.gid);
  const copied = await copyBinaries(binaries, { stateFolder });
  const data = join(away, 'data');
  await moveData(join(folder, 'data'), { data, identity });
  await writeAtomically(join(folder, pointerFile), away, { durable: true });
  return { folder, data, binaries: copied };
}

function placeAway(folder: string, stateFolder: string): string {
  return join(stateFolder, createHash('sha256').update(folder).digest('hex').slice(0, 16));
}

/** One copy per version for all servers, readable by everybody and finished when it appears. */
async function copyBinaries(
  binaries: PostgresBinaries,
  { stateFolder }: { stateFolder: string },
): Promise<PostgresBinaries> {
  const root = join(stateFolder, `postgres-${binaries.packageVersion}`);
  if (!existsSync(root)) {
    const unfinished = `${root}.${process.pid}.unfinished`;
    await cp(binaries.root, unfinished, { recursive: true, verbatimSymlinks: true });
    await chmod(unfinished, 0o755);
    try {
      await rename(unfinished, root);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      if (!existsSync(root)) throw error; // Another process was faster otherwise.
    }
  }
  return binariesIn(root, binaries.packageVersion);
}

/** Data that was created while another way of starting worked. */
async function moveData(from: string, { data, identity }: { data: string; identity: Identity }): Promise<void> {
  if (!existsSync(from) || existsSync(data)) return;
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await cp(from, unfinished, { recursive: true, verbatimSymlinks: true });
  for (const name of ['.', ...(await readdir(unfinished, { recursive: true }))]) {
    await lchown(join(unfinished, name), identity.uid, identity.gid);
  }
  await rename(unfinished, data);
  await rename(from, `${from}.moved`);
}
