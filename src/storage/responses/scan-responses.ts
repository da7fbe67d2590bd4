import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, removeFile, unfinishedSuffix } from '../atomic-file.ts';

/** A record on disk, as far as the limits are concerned. */
export interface KeptFile {
  readonly sizeBytes: number;
  readonly atMs: number;
}

/** Lists what an earlier process left, oldest first, and removes what it did not finish writing. */
export async function scanResponses(directory: string): Promise<Map<string, KeptFile>> {
  const found: [string, KeptFile][] = [];
  for (const folder of await listFolder(directory)) {
    for (const file of await listFolder(join(directory, folder))) {
      const path = join(directory, folder, file);
      if (file.endsWith(unfinishedSuffix)) await removeFile(path);
      else if (file.endsWith('.json')) {
        const { size, mtimeMs } = await stat(path);
        found.push([file.slice(0, -'.json'.length), { sizeBytes: size, atMs: mtimeMs }]);
      }
    }
  }
  found.sort(([, left], [, right]) => left.atMs - right.atMs);
  return new Map(found);
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error) || isNoFolder(error)) return [];
    throw error;
  }
}

function isNoFolder(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOTDIR';
}
