import { describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { Sandbox } from '../contract.ts';
import { probeWorkspaces } from './probe-workspaces.ts';
import { findSystemTools } from './system-tools.ts';

/** A sandbox in which every program ends like this. */
function sandboxThat(exit: { readonly code: number | null }): Sandbox {
  const exited = Promise.resolve({ ...exit, limitsHit: exit.code === null ? [{ name: 'wall' }] : [] });
  const execution = { exited, output: async function* () {} };
  return { exec: () => Promise.resolve(execution), destroy: () => Promise.resolve() } as unknown as Sandbox;
}

async function probeWith(create: () => Promise<Sandbox>): Promise<{ reason: string | undefined; tries: number }> {
  let tries = 0;
  const found = findSystemTools();
  const report = await probeWorkspaces({
    clock: systemClock,
    tools: 'reason' in found ? ({ bubblewrap: process.execPath } as unknown as typeof found) : found,
    hasGroups: [],
    hasFilter: true,
    hasOwnUsers: true,
    create() {
      tries += 1;
      return create();
    },
  });
  return { reason: report.unusable?.reason, tries };
}

describe('the probe of bubblewrap', () => {
  it('is made again when no sandbox began, as on a machine with too much to do', async () => {
    const found = await probeWith(() => Promise.reject(new Error('the launcher ended')));
    expect(found).toMatchObject({ tries: 3, reason: expect.stringContaining('the launcher ended') });
  });

  it('is made again when a program did not come to its end', async () => {
    const found = await probeWith(() => Promise.resolve(sandboxThat({ code: null })));
    expect(found).toMatchObject({ tries: 3, reason: expect.stringContaining('do not hold here') });
  });

  it('is believed at once when a program came to its end and the boundary did not hold', async () => {
    const found = await probeWith(() => Promise.resolve(sandboxThat({ code: 0 })));
    expect(found).toMatchObject({ tries: 1, reason: expect.stringContaining('do not hold here') });
  });
});
