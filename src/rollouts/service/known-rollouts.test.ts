import { describe, expect, it } from 'vitest';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { rollBack } from '../core/advance.ts';
import { openRollout } from '../core/rollout-state.ts';
import { planOf } from '../testing/simulate-rollout.ts';
import { KnownRollouts } from './known-rollouts.ts';
import { changeRollout, insertRollout, type Rollout } from './rollout-store.ts';

const database = sharedTestDatabase();
const hourMs = 3_600_000;

function rollout(id: string, createdAtMs: number, candidate = id): Rollout {
  const plan = planOf({ id, job: `job of ${id}`, candidate });
  return { plan, state: openRollout(plan, createdAtMs), createdAtMs };
}

function idsOf({ all }: KnownRollouts): string[] {
  return all.map(({ plan }) => plan.id);
}

describe('rollouts that are known', () => {
  it('are the same array while nothing changes, and anew when something does', async () => {
    const known = new KnownRollouts();
    await insertRollout(database(), rollout('one', 1));
    await known.read(database(), hourMs);
    const before = known.all;
    await known.read(database(), hourMs + 1_000);
    expect(known.all).toBe(before);
    await insertRollout(database(), rollout('two', hourMs));
    await known.read(database(), hourMs + 2_000);
    expect(idsOf(known)).toEqual(['one', 'two']);
  });

  it('are known to be over though the clock of whoever ended them is an hour behind', async () => {
    const known = new KnownRollouts();
    const { plan } = rollout('one', 1);
    await insertRollout(database(), rollout('one', 1));
    await known.read(database(), 2 * hourMs);
    const end = { atMs: hourMs, reason: 'rolled back by owner' };
    await changeRollout(database(), 'one', ({ state }) => ({ state: rollBack(plan, state, end), atMs: hourMs }));
    await known.read(database(), 2 * hourMs + 1_000);
    expect(known.all[0]?.state.stage).toBe('rolled_back');
  });
});
