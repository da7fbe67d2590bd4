// @ts-check
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assetFiles, currentStamp, hasSources, isBuildCurrent, outputPath, writeStamp } from './build-state.mjs';
import { bundleProduct } from './bundle-product.mjs';
import { withFolderLock } from './folder-lock.mjs';
import { listFiles } from './list-files.mjs';
import { runQuietly } from './run-command.mjs';

/**
 * @typedef {object} BuildContext
 * @property {string} root
 * @property {boolean} [force] build even when `dist` is current
 * @property {(line: string) => void} log
 */

/**
 * Makes `dist` the build of the present sources; where no sources are shipped, `dist` is taken as it is.
 * @param {BuildContext} context
 * @returns {Promise<'current' | 'built'>}
 */
export async function ensureBuilt({ root, force = false, log }) {
  if (!force && (!hasSources(root) || isBuildCurrent(root))) return 'current';
  return withFolderLock(
    join(root, '.locks', 'build'),
    async () => {
      if (!force && isBuildCurrent(root)) return 'current';
      await build(root);
      return 'built';
    },
    { onWait: (pid) => log(`waiting for process ${pid}, which is building`) },
  );
}

/**
 * The new build grows beside the old one and takes its place by a rename, so that nobody ever imports half of it.
 * @param {string} root
 */
async function build(root) {
  const output = outputPath(root);
  const fresh = `${output}.new`;
  const old = `${output}.old`;
  for (const leftover of [fresh, old]) rmSync(leftover, { recursive: true, force: true });
  // Taken before compiling: a source saved meanwhile makes this build stale, not the next one wrong.
  const stamp = currentStamp(root);
  await compile(root, fresh);
  for (const asset of assetFiles(root)) copyFile(join(root, 'src', asset), join(fresh, asset));
  if (listFiles(fresh).length === 0) throw new Error('the compiler emitted nothing');
  await bundleProduct(root, fresh);
  writeStamp(fresh, stamp);
  if (existsSync(output)) renameSync(output, old);
  renameSync(fresh, output);
  rmSync(old, { recursive: true, force: true });
}

/**
 * @param {string} root
 * @param {string} output
 */
async function compile(root, output) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!existsSync(compiler)) throw new Error('dependencies are not installed; run `npm start` or `npm ci` first');
  const exitCode = await runQuietly({
    entry: compiler,
    parameters: ['-p', 'tsconfig.build.json', '--outDir', output],
    folder: root,
  });
  if (exitCode !== 0) throw new Error(`the compiler ended with exit code ${exitCode}`);
}

/**
 * @param {string} from
 * @param {string} to
 */
function copyFile(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
