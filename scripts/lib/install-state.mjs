// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [link]
 * @property {boolean} [dev]
 * @property {boolean} [devOptional]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/** @param {string} root */
export function stampPath(root) {
  return join(root, 'node_modules', '.switchyard-install');
}

/**
 * What a tree depends on: the lockfile, and the Node line and platform that decide which binaries are in it.
 * @param {string} root
 */
export function expectedStamp(root) {
  const lockfile = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lockfile} node${process.versions.node.split('.')[0]} ${process.platform} ${process.arch}\n`;
}

/**
 * @param {string} root
 * @returns {string | undefined}
 */
export function readStamp(root) {
  try {
    return readFileSync(stampPath(root), 'utf8');
  } catch {
    return undefined; // absent, or unreadable and then as good as absent
  }
}

/**
 * Did somebody (a plain `npm ci`, an image build) already install what the lockfile asks for?
 * npm's hidden lockfile lists what is in `node_modules`; each locked package that belongs on this platform must be
 * there in the locked version. Optional packages of production may be left out on purpose (`--omit=optional`);
 * optional packages of development carry the compiler's and linter's binaries and may not.
 * @param {string} root
 */
export function isTreeInstalled(root) {
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  const locked = readPackages(join(root, 'package-lock.json'));
  if (installed === undefined || locked === undefined) return false;
  return Object.entries(locked).every(([path, wanted]) => {
    if (!path.startsWith('node_modules/')) return true; // the root and the workspaces themselves
    const found = installed[path];
    if (found === undefined) return isOptionalHere(wanted);
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** @param {LockedPackage} wanted */
function isOptionalHere(wanted) {
  const neededByTools = wanted.dev === true || wanted.devOptional === true;
  if (wanted.optional !== true && wanted.devOptional !== true) return false;
  return !neededByTools || !isForThisPlatform(wanted);
}

/** @param {LockedPackage} wanted */
function isForThisPlatform({ os, cpu, libc }) {
  return isListed(os, process.platform) && isListed(cpu, process.arch) && isListed(libc, libcFamily());
}

/**
 * @param {string[] | undefined} list npm's form: names, or names with `!` that are excluded
 * @param {string} name
 */
function isListed(list, name) {
  if (list === undefined || list.length === 0) return true;
  if (list.includes(`!${name}`)) return false;
  return list.includes(name) || list.every((entry) => entry.startsWith('!'));
}

function libcFamily() {
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage> | undefined}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined; // absent or damaged: nothing can be said about the tree
  }
}
