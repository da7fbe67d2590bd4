import { describe, expect, it } from 'vitest';
import { AttemptMeter } from './attempt-meter.ts';

const clock = { nowMs: () => 0, monotonicMs: () => 0 };

describe('the estimate of an attempt that broke off', () => {
  it('is never more output than the call allowed, whatever the text weighs', () => {
    const meter = new AttemptMeter(clock);
    for (let piece = 0; piece < 100; piece++)
      meter.observe({ type: 'text-delta', index: 0, text: 'incomprehensible ' });
    expect(meter.usage(() => 10).buckets.output).toBeGreaterThan(500);
    expect(meter.usage(() => 10, 120).buckets).toEqual({ input: 10, output: 120 });
  });

  it('never goes below what the provider reported', () => {
    const meter = new AttemptMeter(clock);
    meter.observe({ type: 'usage', usage: { buckets: { input: 5, output: 40 }, source: 'provider' } });
    expect(meter.usage(() => 10, 30).buckets.output).toBe(40);
  });
});
