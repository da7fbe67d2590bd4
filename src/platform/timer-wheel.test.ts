import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTimerWheel } from './timer-wheel.ts';

let monotonicMs = 0;
const clock = { nowMs: () => monotonicMs, monotonicMs: () => monotonicMs };

function pass(durationMs: number): void {
  for (let passed = 0; passed < durationMs; passed += 10) {
    monotonicMs += 10;
    vi.advanceTimersByTime(10);
  }
}

describe('timer wheel', () => {
  beforeEach(() => {
    monotonicMs = 5;
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it('fires once, not early and at most two ticks late', () => {
    const wheel = createTimerWheel(clock);
    const fired: number[] = [];
    wheel.after(95, () => fired.push(monotonicMs));
    pass(90);
    expect(fired).toEqual([]);
    pass(300);
    expect(fired).toHaveLength(1);
    expect(fired[0]).toBeLessThanOrEqual(125);
    expect(wheel.size).toBe(0);
  });

  it('counts anew after restart and never fires after cancel', () => {
    const wheel = createTimerWheel(clock);
    let restarted = 0;
    const idle = wheel.after(100, () => restarted++);
    const cancelled = wheel.after(50, () => expect.unreachable());
    cancelled.cancel();
    for (let count = 0; count < 5; count++) {
      pass(80);
      idle.restart();
    }
    expect(restarted).toBe(0);
    pass(130);
    expect(restarted).toBe(1);
  });

  it('handles delays longer than one turn of the wheel and a long pause of the process', () => {
    const wheel = createTimerWheel(clock);
    let far = 0;
    let paused = 0;
    wheel.after(25_000, () => far++);
    pass(24_900);
    expect(far).toBe(0);
    pass(200);
    expect(far).toBe(1);
    wheel.after(50, () => paused++);
    monotonicMs += 60_000;
    vi.advanceTimersByTime(10);
    expect(paused).toBe(1);
  });

  it('keeps no interval while nothing is pending', () => {
    const wheel = createTimerWheel(clock);
    wheel.after(20, () => undefined);
    expect(vi.getTimerCount()).toBe(1);
    pass(60);
    expect(vi.getTimerCount()).toBe(0);
    wheel.close();
  });
});
