// Kills supervisors of sandboxes with -9, over and over, and counts what is left of them.
//
//   node scripts/crash-runtime.mjs --trials 20 [--creates 100]
//
// After the next supervisor's start no process and no control group of the killed one may be left.
// With --creates, sandboxes are also made and ended so many times in one process, which may not hold more at the end.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';

register();
const { killSupervisor } = await import('../test/hostile/kill-supervisor.ts');
const { defaultLimits, WorkspaceDriver } = await import('../src/runtime/index.ts');
const { systemClock } = await import('../src/platform/clock.ts');

const { values } = parseArgs({
  options: { trials: { type: 'string', default: '20' }, creates: { type: 'string', default: '0' } },
});
const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-crash-runtime-'));
let count = 0;
const newId = (prefix) => `${prefix}_${process.pid}_${(count += 1)}`;
const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId });
let failures = 0;
try {
  const trials = Number(values.trials);
  for (let trial = 1; trial <= trials; trial += 1) {
    const killed = await killSupervisor(dataFolder, { after: (trial % 9) + 1 });
    if (killed === 'unusable') throw new Error('Sandboxes cannot be made on this machine; see `switchyard doctor`.');
    const { left } = killed;
    await driver.sweep();
    const { processes, groups } = killed.look();
    if (processes > 0 || groups > 0) failures += 1;
    process.stdout.write(
      `trial ${trial}: ${left.processes} processes and ${left.groups} groups left, after the next start ${processes} and ${groups}\n`,
    );
  }
  const creates = Number(values.creates);
  if (creates > 0) {
    const before = readdirSync('/proc/self/fd').length;
    for (let one = 0; one < creates; one += 1) {
      const sandbox = await driver.create({ limits: defaultLimits });
      const running = await sandbox.exec({ argv: ['true'] });
      if ((await running.exited).code !== 0) failures += 1;
      await sandbox.destroy();
    }
    const after = readdirSync('/proc/self/fd').length;
    if (after > before + 4) failures += 1;
    process.stdout.write(`${creates} sandboxes made and ended: ${before} descriptors before, ${after} after\n`);
  }
} finally {
  await driver.close();
  rmSync(dataFolder, { recursive: true, force: true });
}
process.stdout.write(failures === 0 ? 'nothing was left behind\n' : `${failures} trials left something behind\n`);
process.exitCode = failures === 0 ? 0 : 1;
