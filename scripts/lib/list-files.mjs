// @ts-check
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Every file below a folder as a path relative to it, with forward slashes, in one fixed order.
 * A folder that does not exist has no files.
 * @param {string} folder
 * @param {(name: string) => boolean} [enters] which sub-folders to look into, by name
 * @returns {string[]}
 */
export function listFiles(folder, enters = () => true) {
  /** @type {string[]} */
  const found = [];
  /** @param {string} relative */
  const visit = (relative) => {
    for (const entry of entriesOf(join(folder, relative))) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) {
        if (enters(entry.name)) visit(path);
      } else if (entry.isFile()) found.push(path);
    }
  };
  visit('');
  return found.sort();
}

/** @param {string} folder */
function entriesOf(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
