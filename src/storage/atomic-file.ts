import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isMissing } from '../platform/read-optional-file.ts';

/** Ending of files that are being written; what a crash leaves of them is worthless. */
export const unfinishedSuffix = '.tmp';

/**
 * Writes a file so that readers, and whoever looks after a crash, see the old content or the new, never a part of it.
 * One writer per path at a time. `durable` also survives a loss of power.
 */
export async function writeAtomically(
  path: string,
  content: string | Buffer,
  { durable }: { durable: boolean },
): Promise<void> {
  const unfinished = path + unfinishedSuffix;
  const file = await openMakingFolder(unfinished);
  try {
    await file.writeFile(content);
    if (durable) await file.datasync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}

/** Removes a file; false when there was none. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function openMakingFolder(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'w', 0o600);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, 'w', 0o600);
  }
}
