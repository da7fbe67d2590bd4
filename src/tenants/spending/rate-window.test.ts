import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateWindow, rateWindowMs } from './rate-window.ts';

describe('what was taken in a minute', () => {
  it('is never more than the limit, whichever minute is looked at', () => {
    const asked = fc.record({ afterMs: fc.nat(20_000), amount: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 60 }), (all) => {
        const window = new RateWindow(100);
        const taken: { atMs: number; amount: number }[] = [];
        let nowMs = 0;
        for (const { afterMs, amount } of all) {
          nowMs += afterMs;
          if (window.waitMs(amount, nowMs) > 0) continue;
          window.take(amount, nowMs);
          taken.push({ atMs: nowMs, amount });
        }
        for (const { atMs } of taken) {
          const minute = taken.filter((one) => one.atMs >= atMs && one.atMs < atMs + 60_000);
          expect(minute.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(100);
        }
      }),
    );
  });

  it('leaves room again when it is told, not earlier', () => {
    const window = new RateWindow(10);
    window.take(4, 1_000);
    window.take(6, 30_100);
    const first = window.waitMs(3, 31_000);
    expect(window.waitMs(3, 31_000 + first - 1)).toBeGreaterThan(0);
    expect(window.waitMs(3, 31_000 + first)).toBe(0);
    expect(window.waitMs(5, 31_000 + first)).toBe(90_250 - 31_000 - first);
  });

  it('lets a request in that is larger than the limit only into an unused minute', () => {
    const window = new RateWindow(10);
    window.take(1, 0);
    expect(window.waitMs(50, 1_000)).toBeGreaterThan(0);
    expect(window.waitMs(50, rateWindowMs)).toBe(0);
  });

  it('counts less when something is given back, and nothing below zero', () => {
    const window = new RateWindow(10);
    window.take(8, 0);
    window.giveBack(5, 100);
    expect(window.used(200)).toBe(3);
    window.giveBack(9, 0);
    expect(window.used(200)).toBe(0);
    window.take(2, 300);
    window.giveBack(2, -rateWindowMs);
    expect(window.used(300)).toBe(2);
    window.takeUpTo(20, 400);
    expect(window.used(400)).toBe(10);
  });
});
