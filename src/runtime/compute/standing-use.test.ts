import { describe, expect, it } from 'vitest';
import type { ComputeUse } from '../../domain/rating/compute.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { ComputeDesk, ComputeSubject } from './compute-desk.ts';
import { StandingUse } from './standing-use.ts';

interface World {
  readonly standing: StandingUse;
  readonly charged: { readonly subject: ComputeSubject; readonly use: ComputeUse }[];
  readonly released: string[];
  left: number;
}

/** A budget that holds for so many intervals. */
function worldOf(intervals: number, isMetering = true): World {
  const charged: World['charged'] = [];
  const released: string[] = [];
  const desk = {
    isMetering,
    admit() {
      if (world.left <= 0) return Promise.reject(new Fault('budget_exceeded'));
      world.left--;
      const settle = (subject: ComputeSubject, use: ComputeUse): Promise<void> =>
        Promise.resolve(void charged.push({ subject, use }));
      return Promise.resolve({ settle, release: () => void released.push('released') });
    },
  };
  const standing = new StandingUse({
    desk: desk as unknown as ComputeDesk,
    kind: 'app',
    payerOf: (subject) => Promise.resolve(subject === 'gone' ? undefined : { customer: 'acme', key: `app-${subject}` }),
    troubled(error) {
      throw error;
    },
  });
  const world = { standing, charged, released, left: intervals };
  return world;
}

describe('use of what lives for long', () => {
  it('is added up and charged by the interval, in whole units', async () => {
    const { standing, charged, released } = worldOf(10);
    standing.note('shop', { cpuMs: 10.4, wallMs: 250, memoryMibMs: 1000.2 });
    standing.note('shop', { cpuMs: 20.4, wallMs: 250 });
    standing.note('shop', { egressBytes: 512 });
    standing.note('gone', { cpuMs: 5 });
    await standing.flush();
    const use = { cpuMs: 31, wallMs: 500, memoryMibMs: 1000, egressBytes: 512 };
    expect(charged).toEqual([{ subject: { kind: 'app', subject: 'shop' }, use }]);
    await standing.flush();
    expect([charged.length, released.length]).toEqual([1, 1]);
    await standing.close();
  });

  it('is refused when the limit is used up, and goes on when there is room again', async () => {
    const world = worldOf(1);
    const { standing, charged } = world;
    standing.note('shop', { cpuMs: 10 });
    await standing.flush();
    expect([charged.length, standing.isRefused('shop'), standing.isRefused('other')]).toEqual([1, true, false]);
    standing.note('shop', { cpuMs: 10 });
    await standing.flush();
    expect(charged.length).toBe(1);
    world.left = 5;
    await standing.flush();
    expect(standing.isRefused('shop')).toBe(false);
    standing.note('shop', { cpuMs: 7 });
    await standing.close();
    expect(charged.at(-1)?.use.cpuMs).toBe(7);
  });

  it('is held from its beginning to its end, and charged to who began it', async () => {
    const world = worldOf(3);
    const { standing, charged, released } = world;
    await standing.begin('gone', { customer: 'acme', key: 'k' });
    await standing.flush();
    expect([world.left, released.length]).toEqual([2, 0]);
    standing.note('gone', { cpuMs: 5 });
    standing.end('gone');
    await standing.flush();
    expect([charged.length, released.length]).toEqual([1, 1]);
    world.left = 0;
    await expect(standing.begin('next', { customer: 'acme', key: 'k' })).rejects.toMatchObject({
      code: 'budget_exceeded',
    });
    await standing.close();
  });

  it('is not noted where nothing is metered', async () => {
    const { standing, charged } = worldOf(5, false);
    standing.note('shop', { cpuMs: 10 });
    await standing.close();
    expect(charged).toEqual([]);
  });
});
