// @ts-check
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFolderLock } from './folder-lock.mjs';
import { expectedStamp, isTreeInstalled, readStamp, stampPath } from './install-state.mjs';
import { findNpmEntry, npmEnvironment } from './npm-command.mjs';
import { runQuietly } from './run-command.mjs';

const npmCiParameters = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'];

/**
 * @typedef {object} InstallContext
 * @property {string} root
 * @property {NodeJS.ProcessEnv} environment
 * @property {(line: string) => void} log
 */

/**
 * Makes `node_modules` what `package-lock.json` says, at the price of one file read when it already is.
 * @param {InstallContext} context
 * @returns {Promise<'current' | 'adopted' | 'installed'>}
 */
export async function ensureInstalled(context) {
  const { root, log } = context;
  if (readStamp(root) === expectedStamp(root)) return 'current';
  return withFolderLock(join(root, '.locks', 'install'), () => installUnderLock(context), {
    onWait: (pid) => log(`waiting for process ${pid}, which is installing dependencies`),
  });
}

/**
 * @param {InstallContext} context
 * @returns {Promise<'current' | 'adopted' | 'installed'>}
 */
async function installUnderLock({ root, environment, log }) {
  const wanted = expectedStamp(root);
  const found = readStamp(root);
  if (found === wanted) return 'current';
  if (found === undefined && isTreeInstalled(root)) {
    writeFileSync(stampPath(root), wanted);
    return 'adopted';
  }
  if (isLink(join(root, 'node_modules'))) {
    throw new Error(
      'node_modules is a link and does not fit package-lock.json; installing would empty what it points at',
    );
  }
  log('installing dependencies (npm ci)');
  const exitCode = await runQuietly({
    entry: findNpmEntry(environment),
    parameters: npmCiParameters,
    folder: root,
    environment: npmEnvironment(environment),
  });
  if (exitCode !== 0) throw new Error(`npm ci ended with exit code ${exitCode}`);
  // Last, so that an interrupted installation is never taken for a finished one.
  writeFileSync(stampPath(root), wanted);
  return 'installed';
}

/** @param {string} path */
function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
