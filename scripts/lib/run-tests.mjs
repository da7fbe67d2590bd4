// @ts-check
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countsFileVariable } from './closing-line-reporter.mjs';

/** @typedef {import('./closing-line-reporter.mjs').Counts} Counts */

/**
 * @typedef {object} TestRun
 * @property {string} root
 * @property {readonly string[]} filters passed to the test runner
 * @property {'inherit' | 'ignore'} [output]
 */

/**
 * Runs the test runner over everything, or over what the filters name, and counts what happened.
 * @param {TestRun} run
 * @returns {Promise<Counts>}
 */
export async function runTests(run) {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-test-'));
  const countsFile = join(folder, 'counts.json');
  try {
    const exitCode = await runVitest(run, countsFile);
    return settle(readCounts(countsFile), exitCode);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A run is never better than its exit code, and a run in which nothing passed or failed is a failure.
 * @param {Counts | undefined} counts
 * @param {number} exitCode
 * @returns {Counts}
 */
export function settle(counts, exitCode) {
  const { passed, failed } = counts ?? { passed: 0, failed: 1 };
  const nothingRan = passed + failed === 0;
  return { passed, failed: failed === 0 && (exitCode !== 0 || nothingRan) ? 1 : failed };
}

/**
 * @param {TestRun} run
 * @param {string} countsFile
 * @returns {Promise<number>}
 */
function runVitest({ root, filters, output = 'inherit' }, countsFile) {
  const entry = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporter = join(root, 'scripts', 'lib', 'closing-line-reporter.mjs');
  const parameters = [entry, 'run', '--reporter=default', `--reporter=${reporter}`, ...filters];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, parameters, {
      cwd: root,
      // An inherited NODE_ENV=production would make libraries under test behave as in production.
      env: { ...process.env, NODE_ENV: 'test', [countsFileVariable]: countsFile },
      stdio: ['ignore', output, output],
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * @param {string} path
 * @returns {Counts | undefined}
 */
function readCounts(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // the runner ended before it could count
  }
}
