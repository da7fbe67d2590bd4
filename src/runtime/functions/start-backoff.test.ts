import { describe, expect, it } from 'vitest';
import { StartBackoff } from './start-backoff.ts';

describe('starting what keeps ending', () => {
  it('is tried at once after the first end, then ever more rarely, never less than every 15 seconds', () => {
    const backoff = new StartBackoff();
    const waits = Array.from({ length: 9 }, () => {
      backoff.started(0);
      backoff.failed(0);
      return backoff.waitMs(0);
    });
    expect(waits).toEqual([0, 250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    expect(backoff.waitMs(14_000)).toBe(1000);
    expect(backoff.waitMs(20_000)).toBe(0);
  });

  it('is forgotten when it has lived for a while', () => {
    const backoff = new StartBackoff();
    for (let turn = 0; turn < 6; turn++) backoff.failed(0);
    backoff.started(10_000);
    backoff.failed(40_000);
    expect(backoff.waitMs(40_000)).toBe(0);
    backoff.started(40_000);
    backoff.failed(41_000);
    expect(backoff.waitMs(41_000)).toBe(250);
  });
});
