// @ts-check
// Behind `npm test`: builds, runs the tests and ends with one plain line, `N passed, N failed`.
// Arguments are passed to the test runner: `npm test -- provider`, `npm test -- --project unit`.
import { ensureBuilt } from './lib/ensure-built.mjs';
import { logToStderr, messageOf } from './lib/log-to-stderr.mjs';
import { repositoryRoot } from './lib/repository-root.mjs';
import { runTests } from './lib/run-tests.mjs';

/** Journeys start the built product, so a build that fails is a failure of its own; the unit tests still run. */
async function countBuildFailure() {
  try {
    await ensureBuilt({ root: repositoryRoot, log: logToStderr });
    return 0;
  } catch (error) {
    logToStderr(`build failed: ${messageOf(error)}`);
    return 1;
  }
}

const buildFailures = await countBuildFailure();
const { passed, failed } = await runTests({ root: repositoryRoot, filters: process.argv.slice(2) });
process.stdout.write(`${passed} passed, ${failed + buildFailures} failed\n`);
process.exitCode = failed + buildFailures > 0 ? 1 : 0;
