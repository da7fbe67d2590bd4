// @ts-check
// `npm run bench` and `npm run bench:gateway [-- --json --quick]`: builds if stale, runs the named measurements (all of
// them without a name) and prints a report, or with --json nothing but one JSON object on stdout.
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';
import { ensureBuilt } from './lib/ensure-built.mjs';
import { logToStderr, messageOf } from './lib/log-to-stderr.mjs';
import { repositoryRoot } from './lib/repository-root.mjs';

const known = ['gateway', 'features', 'journal', 'money', 'runtime'];

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
  });
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`unknown measurement ${unknown.join(', ')}; there are ${known.join(', ')}`);
  await ensureBuilt({ root: repositoryRoot, log: logToStderr });
  register();
  /** @type {Record<string, object>} */
  const results = {};
  for (const name of positionals.length > 0 ? positionals : known) {
    const { run, describe } = await import(`../bench/${name}.ts`);
    const result = await run({ ...values, log: logToStderr });
    results[name] = result;
    if (!values.json) process.stdout.write(`${describe ? describe(result) : JSON.stringify(result, undefined, 2)}\n`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
}

try {
  await main();
} catch (error) {
  logToStderr(`bench: ${messageOf(error)}`);
  process.exitCode = 1;
}
