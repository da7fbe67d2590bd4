import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { runTests, settle } from '../../scripts/lib/run-tests.mjs';

describe('the closing line of npm test', () => {
  let folder = '';

  beforeEach(() => {
    // Inside the repository, so that the planted tests find vitest; never collected by the real configuration.
    folder = mkdtempSync(join(repositoryRoot, 'node_modules', '.planted-tests-'));
    writeFileSync(join(folder, 'vitest.config.mjs'), `export default { test: { include: ['**/*.planted.mjs'] } };\n`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const plant = (name: string, body: string): void =>
    writeFileSync(join(folder, `${name}.planted.mjs`), `import { it, describe, beforeAll } from 'vitest';\n${body}\n`);
  const run = () =>
    runTests({
      root: repositoryRoot,
      filters: ['--root', folder, '--config', join(folder, 'vitest.config.mjs')],
      output: 'ignore',
    });

  it('counts failed tests, modules that cannot be imported, failing hooks and unhandled errors', async () => {
    plant('good', `it('a', () => {}); it('b', () => {}); it.skip('c', () => {});`);
    plant('bad', `it('fails', () => { throw new Error('planted'); });`);
    plant('broken', `import './does-not-exist.mjs'; it('never runs', () => {});`);
    plant(
      'hook',
      `describe('s', () => { beforeAll(() => { throw new Error('planted'); }); it('skipped', () => {}); });`,
    );
    plant('late', `it('passes', async () => { Promise.reject(new Error('planted')); });`);
    expect(await run()).toEqual({ passed: 3, failed: 4 });
  });

  it('counts a run without tests as one failure', async () => {
    expect(await run()).toEqual({ passed: 0, failed: 1 });
  });

  it('counts a green run as green', async () => {
    plant('good', `it('a', () => {});`);
    expect(await run()).toEqual({ passed: 1, failed: 0 });
  });

  it('is never better than the exit code of the runner', () => {
    expect(settle({ passed: 5, failed: 0 }, 1)).toEqual({ passed: 5, failed: 1 });
    expect(settle({ passed: 5, failed: 2 }, 1)).toEqual({ passed: 5, failed: 2 });
    expect(settle(undefined, 0)).toEqual({ passed: 0, failed: 1 });
  });
});
