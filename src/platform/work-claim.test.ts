import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import { silentLogger } from './logger.ts';
import { WorkClaim } from './work-claim.ts';

describe('a claim on work', () => {
  let nowMs = 0;
  let answer: () => Promise<boolean>;
  let claim: WorkClaim;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };

  beforeEach(() => {
    nowMs = 0;
    answer = () => Promise.resolve(true);
    claim = new WorkClaim({ clock, logger: silentLogger, id: 'fix_1', everyMs: 15_000, extend: () => answer() });
  });
  afterEach(() => claim.release());

  it('lasts as long as it is extended', async () => {
    for (nowMs = 0; nowMs < 300_000; nowMs += 30_000) expect(await claim.extend()).toBe(true);
    expect(claim.signal.aborted).toBe(false);
  });

  it('ends the work when another has it', async () => {
    answer = () => Promise.resolve(false);
    expect(await claim.extend()).toBe(false);
    expect(claim.signal.aborted).toBe(true);
  });

  it('ends the work once it has lapsed because nobody could be told, and not before', async () => {
    answer = () => Promise.reject(new Error('the database is away'));
    nowMs = 30_000;
    expect(await claim.extend()).toBe(true);
    nowMs = 60_000;
    expect(await claim.extend()).toBe(false);
    expect(claim.signal.aborted).toBe(true);
    // Another may have had it meanwhile.
    answer = () => Promise.resolve(true);
    expect(await claim.extend()).toBe(false);
  });
});
