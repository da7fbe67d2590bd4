import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { ProbeReport } from '../contract.ts';
import { probeGvisor } from './probe-gvisor.ts';

const folder = mkdtempSync(join(tmpdir(), 'sy-gvisor-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A runsc that does what a script says with the command of its container, which it finds in the bundle. */
function probeWith(name: string, script: string, timeoutMs = 5000): Promise<ProbeReport> {
  const runsc = join(folder, name);
  const body = `#!/bin/bash
PATH=/usr/bin:/bin
[ "$1" = --version ] && { echo "runsc version release-1"; exit; }
for word in "$@"; do case $word in --bundle=*) bundle=\${word#--bundle=};; esac; done
asks() { grep -q -- "$1" "$bundle/config.json"; }
${script}
`;
  writeFileSync(runsc, body);
  chmodSync(runsc, 0o755);
  return probeGvisor({ clock: systemClock, find: () => runsc, timeoutMs });
}

const works =
  'asks "echo started" && echo started; asks "echo listed" && echo listed; asks "cat /tmp/file" && echo x; asks dmesg && echo own; asks canary && echo held; asks net/dev && echo held; true';

describe('gVisor', () => {
  it('is a tier where everything that is tried holds', async () => {
    const { isolation, unusable, steps } = await probeWith('works', works);
    expect([isolation.tier, isolation.version, unusable, steps.length]).toEqual(['gvisor', 'release-1', undefined, 6]);
  });

  it.each([
    [
      'is an old build that cannot list a folder',
      'asks "ls /" && { echo "ls: Invalid argument" >&2; exit 1; }; echo started',
      'lists folders',
    ],
    ['hangs', 'sleep 30', 'did not end in time'],
    ['shows files of the host', `asks canary && { echo canary-of-the-host; exit; }; ${works}`, 'a file of the host'],
    ['runs programs on the kernel of the host', `asks dmesg && exit 1; ${works}`, 'a kernel of its own'],
    ['leaves the network open', `asks net/dev && { echo open; exit; }; ${works}`, 'no network'],
  ])('is none where it %s', async (name, script, reason) => {
    const { isolation, unusable } = await probeWith(name.replaceAll(' ', '-'), script, name === 'hangs' ? 300 : 30_000);
    expect(isolation.tier).toBe('none');
    expect(unusable?.reason).toContain(reason);
  });

  it('is none where it is not installed', async () => {
    const { isolation, unusable } = await probeGvisor({ clock: systemClock, find: () => undefined });
    expect([isolation.tier, unusable?.reason]).toEqual(['none', 'runsc is not installed.']);
  });
});
