import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { open, rename, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { unfinishedSuffix } from '../../atomic-file.ts';

const mebibyte = 1024 * 1024;

/** Space to give back when the disk is full: the server needs some to recover and stop in order. */
export const ballastBytes = 64 * mebibyte;
/** A disk with less is not burdened further. */
const roomForBallastBytes = 16 * ballastBytes;

/** Reserves the space if there is plenty. */
export async function layBallast(folder: string): Promise<void> {
  const path = join(folder, 'ballast');
  if (existsSync(path) || (await freeBytes(folder)) < roomForBallastBytes) return;
  const file = await open(path + unfinishedSuffix, 'w', 0o600);
  try {
    // Random, so that no file system saves the space.
    const block = randomBytes(mebibyte);
    for (let written = 0; written < ballastBytes; written += block.length) await file.write(block);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(path + unfinishedSuffix, path);
}

/** Gives the space back; false when there was none. */
export function dropBallast(folder: string): boolean {
  const path = join(folder, 'ballast');
  const wasThere = existsSync(path);
  rmSync(path, { force: true });
  return wasThere;
}

/** Free space for us on the disk of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** As people read it. */
export function describeSize(sizeBytes: number): string {
  return `${Math.floor(sizeBytes / mebibyte)} MiB`;
}
