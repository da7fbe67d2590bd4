// @ts-check
// Behind `npm run test:properties -- [--rounds 10] [--runs 1000] [--seed N]`: tries every property test with values
// that no run has seen yet. `--runs` is how many values a property without a number of its own is tried with.
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './lib/ensure-built.mjs';
import { listFiles } from './lib/list-files.mjs';
import { logToStderr } from './lib/log-to-stderr.mjs';
import { repositoryRoot } from './lib/repository-root.mjs';
import { runTests } from './lib/run-tests.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string' },
  },
});

const files = ['src', 'sdk/src', 'scripts', 'test']
  .flatMap((folder) => listFiles(join(repositoryRoot, folder)).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith('.test.ts') && !file.startsWith('test/conformance-shared/'))
  .filter((file) => readFileSync(join(repositoryRoot, file), 'utf8').includes("from 'fast-check'"));

/** The values of one seed are the same in every round. */
const rounds = Number(values.rounds ?? (values.seed === undefined ? 10 : 1));

await ensureBuilt({ root: repositoryRoot, log: logToStderr });
process.env['SWITCHYARD_PROPERTY_RUNS'] = values.runs;
let passed = 0;
let failed = 0;
for (let round = 0; round < rounds; round++) {
  const seed = values.seed ?? String(randomInt(2 ** 31));
  process.stdout.write(`round ${round + 1} of ${rounds}, seed ${seed}\n`);
  process.env['SWITCHYARD_PROPERTY_SEED'] = seed;
  const counts = await runTests({ root: repositoryRoot, filters: files });
  passed += counts.passed;
  failed += counts.failed;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
