import { readFile } from 'node:fs/promises';

/** The text of a file that may not exist; undefined when it does not. Whatever else is in the way is thrown. */
export async function readOptionalFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Does an error say that a file or folder does not exist? */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
