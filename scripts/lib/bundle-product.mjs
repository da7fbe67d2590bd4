// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from './list-files.mjs';
import { runProgramQuietly } from './run-command.mjs';

/**
 * Libraries that a start loads most modules of. All others stay with Node: native and optional ones, those that look for
 * files of their own, and those that are rarely needed.
 */
const bundledLibraries = new Set([
  '@hono/node-server',
  '@modelcontextprotocol/server',
  '@smithy/eventstream-codec',
  '@smithy/util-utf8',
  'citty',
  'hono',
  'kysely',
  'pg',
  'undici',
  'yaml',
  'zod',
]);

/** What bundled libraries ask for only elsewhere: a native client, another runtime. */
const neverInstalled = ['pg-native', 'cloudflare:sockets'];

/** CommonJS libraries among them ask for Node's own modules by `require`, which ES modules do not have. */
const banner =
  'import { createRequire as createBundleRequire } from "node:module"; const require = createBundleRequire(import.meta.url);';

/**
 * Puts the compiled product and the libraries it starts with into few files, `bundle/` of the build: reading two thousand
 * files is most of a start. What is imported lazily stays lazy. Where there is no bundler for this platform the compiled
 * files run as they are.
 * @param {string} root
 * @param {string} output folder of the compiled files
 */
export async function bundleProduct(root, output) {
  const bundler = bundlerPath(root);
  if (bundler === undefined) return;
  const exitCode = await runProgramQuietly({
    program: bundler,
    parameters: [
      ...entryPoints(output),
      `--outdir=${join(output, 'bundle')}`,
      // All in one folder, so that a module finds the threads beside it as it does in the sources.
      '--entry-names=[name]',
      '--bundle',
      '--splitting',
      '--format=esm',
      '--platform=node',
      '--target=node20',
      // Names stay: stack traces are read by people. The maps are for `node --enable-source-maps`.
      '--minify-whitespace',
      '--line-limit=100',
      '--sourcemap=linked',
      '--sources-content=false',
      '--legal-comments=external',
      '--log-level=warning',
      `--banner:js=${banner}`,
      ...externalLibraries(root).map((name) => `--external:${name}`),
    ],
    folder: root,
  });
  if (exitCode !== 0) throw new Error(`the bundler ended with exit code ${exitCode}`);
}

/**
 * The program of the platform's package: the install script that would put it elsewhere does not run.
 * @param {string} root
 */
function bundlerPath(root) {
  const folder = join(root, 'node_modules', '@esbuild', `${process.platform}-${process.arch}`);
  const path = process.platform === 'win32' ? join(folder, 'esbuild.exe') : join(folder, 'bin', 'esbuild');
  return existsSync(path) ? path : undefined;
}

/**
 * The command, and every module that is started as a thread (`spawnWorker` demands the ending).
 * @param {string} output
 */
function entryPoints(output) {
  const threads = listFiles(output).filter((path) => /(?<!-in)-thread\.js$/.test(path));
  return ['cli/index.js', ...threads].map((path) => join(output, path));
}

/** @param {string} root */
function externalLibraries(root) {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const libraries = Object.keys({ ...dependencies, ...optionalDependencies });
  return [...libraries.filter((name) => !bundledLibraries.has(name)), ...neverInstalled];
}
