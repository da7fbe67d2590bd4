// A supervisor to be killed: makes sandboxes with busy guests until it is ended from outside.
import { defaultLimits } from '../../src/runtime/limits.ts';
import { WorkspaceDriver } from '../../src/runtime/workspaces/workspace-driver.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createSystemRandom } from '../../src/platform/random.ts';

const [dataFolder = '', groups] = process.argv.slice(2);
const newId = createIdSource(systemClock, createSystemRandom());
const driver = new WorkspaceDriver({
  dataFolder,
  clock: systemClock,
  newId,
  warm: 1,
  ...(groups === 'none' && { groups }),
});
process.stdout.write(`swept ${await driver.sweep()}\n`);
const { unusable } = await driver.probe();
if (unusable) process.stdout.write('unusable\n');
else {
  process.stdout.write('ready\n');
  // Guests that leave their process group and session, as daemons do: they must not outlive their sandbox.
  const daemon =
    'if (fork() == 0) { setpgrp(0, 0); if (fork() == 0) { sleep 600; } sleep 600; exit } open(my $f, ">", "file"); sleep 600;';
  for (let count = 0; count < 50; count += 1) {
    const network =
      count % 2 === 0 ? { mode: 'denied' as const } : { mode: 'allowed' as const, allow: ['example.com'] };
    const sandbox = await driver.create({ limits: { ...defaultLimits, wallMs: 600_000 }, network });
    const { id } = await sandbox.exec({ argv: ['perl', '-e', daemon] });
    process.stdout.write(`runs ${id}\n`);
  }
}
