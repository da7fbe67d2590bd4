// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from './list-files.mjs';

/**
 * What a build was made from. `listing` (paths, sizes, times) answers the usual case without reading a file;
 * `content` answers after a clone, a checkout or a touch, which change times but not sources.
 * @typedef {object} BuildStamp
 * @property {string} listing
 * @property {string} content
 */

const configurationFiles = [
  'package-lock.json',
  'scripts/lib/bundle-product.mjs',
  'tsconfig.build.json',
  'tsconfig.json',
];

/** @param {string} root */
export function outputPath(root) {
  return join(root, 'dist');
}

/** @param {string} root */
export function hasSources(root) {
  return listFiles(join(root, 'src')).length > 0;
}

/**
 * Files of the product below `src`, tests left out.
 * @param {string} root
 */
export function sourceFiles(root) {
  return listFiles(join(root, 'src')).filter((path) => !path.endsWith('.test.ts'));
}

/**
 * Files that the compiler does not carry over: SQL, JSON data, pages.
 * @param {string} root
 */
export function assetFiles(root) {
  return sourceFiles(root).filter((path) => !path.endsWith('.ts'));
}

/**
 * Is `dist` what the present sources would yield?
 * @param {string} root
 */
export function isBuildCurrent(root) {
  const stamp = readStamp(root);
  if (stamp === undefined) return false;
  const listing = listingOf(root);
  if (stamp.listing === listing) return true;
  if (stamp.content !== contentOf(root)) return false;
  refreshListing(root, { ...stamp, listing });
  return true;
}

/**
 * @param {string} root
 * @returns {BuildStamp}
 */
export function currentStamp(root) {
  return { listing: listingOf(root), content: contentOf(root) };
}

/**
 * @param {string} output
 * @param {BuildStamp} stamp
 */
export function writeStamp(output, stamp) {
  writeFileSync(join(output, '.build-stamp.json'), JSON.stringify(stamp));
}

/**
 * @param {string} root
 * @returns {BuildStamp | undefined}
 */
function readStamp(root) {
  try {
    return JSON.parse(readFileSync(join(outputPath(root), '.build-stamp.json'), 'utf8'));
  } catch {
    return undefined; // never built, or by an interrupted hand
  }
}

/**
 * @param {string} root
 * @param {BuildStamp} stamp
 */
function refreshListing(root, stamp) {
  const path = join(outputPath(root), '.build-stamp.json');
  try {
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(stamp));
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // A checkout we may not write to: the next start compares contents again, which is only slower.
  }
}

/** @param {string} root */
function inputs(root) {
  return [...configurationFiles, ...sourceFiles(root).map((path) => `src/${path}`)];
}

/** @param {string} root */
function listingOf(root) {
  return digest(root, (path) => {
    const { size, mtimeMs } = statSync(path);
    return `${size} ${mtimeMs}`;
  });
}

/** @param {string} root */
function contentOf(root) {
  return digest(root, (path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
}

/**
 * @param {string} root
 * @param {(path: string) => string} describe
 */
function digest(root, describe) {
  const hash = createHash('sha256');
  for (const path of inputs(root)) hash.update(`${path}\n${describe(join(root, path))}\n`);
  return hash.digest('hex');
}
