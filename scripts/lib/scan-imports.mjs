// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from './list-files.mjs';

/**
 * @typedef {object} FoundImport
 * @property {string} file relative to the scanned folder
 * @property {string} specifier
 * @property {'static' | 'type' | 'lazy'} kind
 */

// A statement starts its line, which keeps prose in comments out; its clause holds no quote and no semicolon.
const staticImport = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"\n]+)['"]/gm;
const lazyImport = /^(?!\s*(?:\*|\/\/)).*?\bimport\(\s*['"]([^'"\n]+)['"]/gm;

/**
 * Every import specifier of the TypeScript sources below a folder.
 * @param {string} folder
 * @param {(path: string) => boolean} [accepts]
 * @returns {{ files: string[], imports: FoundImport[] }}
 */
export function scanImports(folder, accepts = () => true) {
  const files = listFiles(folder).filter((path) => path.endsWith('.ts') && accepts(path));
  const imports = files.flatMap((file) => importsOf(file, readFileSync(join(folder, file), 'utf8')));
  return { files, imports };
}

/**
 * @param {string} file
 * @param {string} source
 * @returns {FoundImport[]}
 */
export function importsOf(file, source) {
  /** @type {FoundImport[]} */
  const found = [];
  for (const [, type, specifier = ''] of source.matchAll(staticImport)) {
    found.push({ file, specifier, kind: type === undefined ? 'static' : 'type' });
  }
  for (const [, specifier = ''] of source.matchAll(lazyImport)) found.push({ file, specifier, kind: 'lazy' });
  return found;
}
