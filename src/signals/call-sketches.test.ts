import { describe, expect, it } from 'vitest';
import { CallSketches } from './call-sketches.ts';
import { LatencyWindow } from './latency-window.ts';
import { RecentSuccess } from './recent-success.ts';
import { ShareWindow } from './share-window.ts';

const ok = { end: 'ok' as const, inputTokens: 100, firstTokenMs: 200, totalMs: 1000, tokensPerSecond: 50 };

describe('sketches of calls', () => {
  it('tell reliability and speed for prompts of a size, and stand in for sizes that were never seen', () => {
    const sketches = new CallSketches();
    for (let at = 0; at < 20; at++) sketches.note(ok, at);
    for (let at = 0; at < 20; at++) sketches.note({ ...ok, inputTokens: 20_000, firstTokenMs: 4000 }, at);
    expect(sketches.health(10, 30).firstTokenMs(0.75)).toBeCloseTo(200, -2);
    expect(sketches.health(20_000, 30).firstTokenMs(0.75)).toBeGreaterThan(3500);
    expect(sketches.health(500_000, 30).attempts).toBe(20);
    expect(new CallSketches().health(10, 0)).toMatchObject({ attempts: 0, okShare: 0.97 });
  });

  it('count a failure as a slow answer, never as a missing one', () => {
    const sketches = new CallSketches();
    for (let at = 0; at < 10; at++) sketches.note(ok, at);
    for (let at = 0; at < 10; at++) sketches.note({ end: 'timeout', inputTokens: 100, totalMs: 60_000 }, at);
    const health = sketches.health(100, 20);
    expect(health.ends).toEqual({ ok: 10, error: 0, timeout: 10, rateLimited: 0 });
    expect(health.firstTokenMs(0.95)).toBeGreaterThan(55_000);
    expect(health.okShare).toBeLessThan(0.65);
  });

  it('ask a longer window while the shortest saw too little', () => {
    const sketches = new CallSketches();
    for (let at = 0; at < 30; at++) sketches.note(ok, at);
    const laterMs = 20 * 60_000;
    sketches.note({ ...ok, firstTokenMs: 900 }, laterMs);
    expect(sketches.health(100, laterMs).attempts).toBe(31);
  });

  it('can be merged with those of another gateway', () => {
    const [one, other] = [new LatencyWindow(), new LatencyWindow()];
    for (let at = 0; at < 50; at++) one.add(100, 0);
    for (let at = 0; at < 50; at++) other.add(1000, 0);
    one.merge(other, 0);
    expect(one.count(0)).toBe(100);
    expect(one.quantile(0.9, 0)).toBeGreaterThan(900);
    const ends = new ShareWindow(1000);
    ends.add('ok', 0);
    ends.merge({ ok: 2, error: 3, timeout: 0, rateLimited: 1 }, 0);
    expect(ends.counts(0)).toEqual({ ok: 3, error: 3, timeout: 0, rateLimited: 1 });
    expect(ends.counts(2000)).toEqual({ ok: 0, error: 0, timeout: 0, rateLimited: 0 });
  });
});

describe('the success of the very last attempts', () => {
  it('shows an outage within a few of them, and forgives it when nothing is tried', () => {
    const recent = new RecentSuccess();
    for (let at = 0; at < 1000; at++) recent.note(true, at);
    for (let at = 0; at < 4; at++) recent.note(false, 1000);
    expect(recent.share(1000)).toBeLessThan(0.35);
    expect(recent.share(6000)).toBeGreaterThan(0.6);
    expect(recent.share(60_000)).toBeGreaterThan(0.99);
  });
});
