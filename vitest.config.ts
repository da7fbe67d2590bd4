import { defineConfig } from 'vitest/config';

const testFiles = (folder: string): string => `${folder}/**/*.test.ts`;

/** Whole products and SDK clients: started side by side without limit they would measure each other. */
const heavyFolders = ['test/journeys', 'test/conformance'];
/** Tests over recordings that are not part of the repository. */
const sharedFolder = 'test/conformance-shared';

/** The seed of property tests. */
const setupFiles = ['test/setup/property-seed.ts'];

/** Offers one database server to all tests of a run; it starts when the first test asks for it. */
const globalSetup = ['src/storage/testing/test-server-setup.ts'];

const unit = {
  extends: true as const,
  test: {
    name: 'unit',
    globalSetup,
    setupFiles,
    include: ['src', 'sdk/src', 'scripts', 'bench', 'test'].map(testFiles),
    exclude: ['**/node_modules/**', 'bench/portkey/**', ...[...heavyFolders, sharedFolder].map(testFiles)],
    isolate: false,
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
};

const heavy = (name: string, folders: readonly string[], groupOrder: number) => ({
  extends: true as const,
  test: {
    name,
    globalSetup,
    setupFiles,
    include: folders.map(testFiles),
    isolate: false,
    // They wait for processes and timers a good part of their time.
    maxWorkers: 3,
    sequence: { groupOrder },
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});

export default defineConfig({
  test: {
    // Of a machine that neighbours slow down: a condition that holds is waited for no longer than it takes.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      unit,
      heavy('journeys', heavyFolders, 1),
      ...(process.env['SWITCHYARD_SHARED'] === undefined ? [] : [heavy('shared', [sharedFolder], 2)]),
    ],
  },
});
