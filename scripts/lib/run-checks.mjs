// @ts-check
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importViolations } from './import-rules.mjs';
import { lockfileProblems } from './lockfile-rules.mjs';

/**
 * One thing that must hold of the repository. It yields what is wrong, as text; nothing wrong is an empty text.
 * @typedef {object} Check
 * @property {string} name
 * @property {() => Promise<string>} run
 */

/**
 * @param {string} root
 * @returns {readonly Check[]}
 */
export function allChecks(root) {
  const tool = (/** @type {string[]} */ ...path) => join(root, 'node_modules', ...path);
  return [
    {
      name: 'types',
      run: () => commandOutput(root, [tool('typescript', 'bin', 'tsc'), '--noEmit', '--pretty', 'false']),
    },
    {
      name: 'lint',
      run: () => commandOutput(root, [tool('oxlint', 'bin', 'oxlint'), '--deny-warnings', '-f', 'unix']),
    },
    { name: 'format', run: () => commandOutput(root, [tool('oxfmt', 'bin', 'oxfmt'), '--check']) },
    { name: 'imports', run: async () => importViolations(join(root, 'src'), runtimePackages(root)).join('\n') },
    {
      name: 'generated files',
      run: () => commandOutput(root, ['--import', 'tsx', join(root, 'scripts', 'generate.ts'), '--check']),
    },
    { name: 'lockfile', run: async () => lockfileProblems(readJson(root, 'package-lock.json').packages).join('\n') },
  ];
}

/**
 * Packages that are there when the product runs.
 * @param {string} root
 * @returns {ReadonlySet<string>}
 */
export function runtimePackages(root) {
  const { dependencies = {}, optionalDependencies = {} } = readJson(root, 'package.json');
  return new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies)]);
}

/**
 * Runs one check; a check that itself breaks has failed.
 * @param {Check} check
 * @returns {Promise<{ name: string, problems: string, seconds: number }>}
 */
export async function runCheck({ name, run }) {
  const start = performance.now();
  const problems = await run().catch((error) => String(error));
  return { name, problems: problems.trim(), seconds: (performance.now() - start) / 1000 };
}

/**
 * @param {string} root
 * @param {string} name
 */
function readJson(root, name) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}

/**
 * What a tool says when it is not content; nothing when it is.
 * @param {string} root
 * @param {readonly string[]} parameters
 * @returns {Promise<string>}
 */
function commandOutput(root, parameters) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, parameters, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
    }
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0 ? '' : output || `ended with exit code ${code}`));
  });
}
