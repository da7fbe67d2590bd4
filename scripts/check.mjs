// @ts-check
// `npm run check`: one line per check with its time, the findings below a failed one, exit code 1 if any failed.
import { repositoryRoot } from './lib/repository-root.mjs';
import { allChecks, runCheck } from './lib/run-checks.mjs';

for (const check of allChecks(repositoryRoot)) {
  const { name, problems, seconds } = await runCheck(check);
  process.stdout.write(`${problems === '' ? 'pass' : 'FAIL'}  ${name} (${seconds.toFixed(1)} s)\n`);
  if (problems !== '') {
    process.stdout.write(`${problems.replace(/^/gm, '      ')}\n`);
    process.exitCode = 1;
  }
}
