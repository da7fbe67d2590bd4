// @ts-check
import { writeFileSync } from 'node:fs';

/** Environment variable naming the file that receives the counts; `scripts/test.mjs` prints them as the last line. */
export const countsFileVariable = 'SWITCHYARD_TEST_COUNTS';

/** @typedef {{ passed: number, failed: number }} Counts */

/**
 * Counts a run so that nothing broken is left out: besides failed tests, each module that cannot be imported, each
 * suite whose hook fails, each unhandled error and each test that never came to an end is one failure.
 * @param {readonly import('vitest/node').TestModule[]} modules
 * @param {readonly unknown[]} unhandledErrors
 * @param {'passed' | 'failed' | 'interrupted'} reason
 * @returns {Counts}
 */
export function countRun(modules, unhandledErrors, reason) {
  let passed = 0;
  let failed = unhandledErrors.length + (reason === 'interrupted' ? 1 : 0);
  for (const module of modules) {
    if (module.errors().length > 0) failed += 1;
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed += 1;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') passed += 1;
      else if (state !== 'skipped') failed += 1;
    }
  }
  return { passed, failed };
}

/** Reporter that hands the counts of a run to the wrapper behind `npm test`. */
export class ClosingLineReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   * @param {'passed' | 'failed' | 'interrupted'} reason
   */
  onTestRunEnd(modules, unhandledErrors, reason) {
    const path = process.env[countsFileVariable];
    if (path !== undefined) writeFileSync(path, JSON.stringify(countRun(modules, unhandledErrors, reason)));
  }
}

// The runner loads a reporter by the default export of its file.
export { ClosingLineReporter as default };
