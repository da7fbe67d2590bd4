import { describe, expect, it } from 'vitest';
import { createDiskGuard } from './disk-guard.ts';

const mebibyte = 1024 * 1024;
const limits = { reserveBytes: 256 * mebibyte, reserveSeconds: 60 };
const space = (freeMebibytes: number) => ({ freeBytes: freeMebibytes * mebibyte, totalBytes: 1e12 });
const idle = { writtenBytes: 0, elapsedMs: 1000 };

describe('disk guard', () => {
  it('refuses below the reserve, alarms below ten times of it and is silent above', () => {
    const guard = createDiskGuard(limits);
    expect(guard.observe(space(255), idle)).toMatchObject({ accepting: false, alarm: true });
    expect(guard.observe(space(2559), idle)).toMatchObject({ accepting: true, alarm: true });
    expect(guard.observe(space(2560), idle)).toEqual({ accepting: true, alarm: false });
  });

  it('asks for a minute of the measured rate when that is more', () => {
    const guard = createDiskGuard(limits);
    for (let second = 0; second < 60; second += 1) {
      guard.observe(space(100_000), { writtenBytes: 10 * mebibyte, elapsedMs: 1000 });
    }
    const busy = { writtenBytes: 10 * mebibyte, elapsedMs: 1000 };
    expect(guard.observe(space(590), busy)).toMatchObject({ accepting: false });
    expect(guard.observe(space(610), busy)).toMatchObject({ accepting: true, alarm: true });
  });
});
