// @ts-check
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from '../ensure-built.mjs';
import { logToStderr } from '../log-to-stderr.mjs';
import { repositoryRoot } from '../repository-root.mjs';

/** Builds the product if its sources changed. */
export async function buildProduct() {
  await ensureBuilt({ root: repositoryRoot, log: logToStderr });
}

/**
 * Imports a module of the built product, such as `simulator/index.js`.
 * @param {string} path
 * @returns {Promise<any>}
 */
export function loadBuilt(path) {
  return import(pathToFileURL(join(repositoryRoot, 'dist', path)).href);
}
