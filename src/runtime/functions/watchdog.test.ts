import { describe, expect, it } from 'vitest';
import { type Vitals, Watchdog } from './watchdog.ts';

const limits = { cpuMs: 2000, recycleRssMb: 256, recycleRequests: 100 };
const at = (nowMs: number, change: Partial<Vitals> = {}): Vitals => ({
  nowMs,
  cpuMs: nowMs,
  rssMb: 50,
  inFlight: 1,
  requests: 1,
  ...change,
});

describe('the watchdog', () => {
  const silent = (misses = 2): Watchdog => {
    const watchdog = new Watchdog(limits, at(0));
    for (let miss = 0; miss < misses; miss++) watchdog.missed();
    return watchdog;
  };

  it('ends a process that used up its time without a sign of life', () => {
    expect(silent().judge(at(1999))).toBe('fine');
    expect(silent().judge(at(2000))).toBe('stuck');
  });

  it('does not take a busy machine for a stuck guest, but gives up on one that never answers', () => {
    expect(silent().judge(at(5000, { cpuMs: 300 }))).toBe('fine');
    expect(silent().judge(at(10_000, { cpuMs: 300 }))).toBe('stuck');
  });

  it('goes by the clock where the system does not tell the CPU time', () => {
    const watchdog = new Watchdog(limits, { nowMs: 0, cpuMs: undefined });
    watchdog.missed();
    watchdog.missed();
    expect(watchdog.judge(at(2000, { cpuMs: undefined }))).toBe('stuck');
  });

  it('needs two misses and a request in flight', () => {
    expect(silent(1).judge(at(9000))).toBe('fine');
    expect(silent().judge(at(9000, { inFlight: 0 }))).toBe('fine');
  });

  it('starts anew with each answer', () => {
    const watchdog = silent();
    watchdog.answered(at(1900));
    watchdog.missed();
    watchdog.missed();
    expect(watchdog.judge(at(3800))).toBe('fine');
    expect(watchdog.judge(at(3900))).toBe('stuck');
  });

  it('has a process replaced that grew or served much, and ended when it is far too large', () => {
    expect(silent(0).judge(at(1, { rssMb: 256 }))).toBe('worn');
    expect(silent(0).judge(at(1, { requests: 100 }))).toBe('worn');
    expect(silent(0).judge(at(1, { rssMb: 512 }))).toBe('too_large');
  });
});
