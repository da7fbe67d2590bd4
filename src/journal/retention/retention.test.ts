import { describe, expect, it } from 'vitest';
import { expiredSegments } from './retention.ts';

const segments = [1, 2, 3, 4].map((segment) => ({ segment, sizeBytes: 100, modifiedMs: segment * 1000 }));
const chosen = (rule: Parameters<typeof expiredSegments>[1]): [number, string][] =>
  expiredSegments(segments, rule).map(({ segment, why }) => [segment, why]);

describe('retention', () => {
  it('keeps everything within both limits', () => {
    expect(chosen({ nowMs: 5000, retentionMs: 10_000, maxTotalBytes: 400 })).toEqual([]);
  });

  it('lets the oldest go first when they take too much space', () => {
    expect(chosen({ nowMs: 5000, retentionMs: 10_000, maxTotalBytes: 250 })).toEqual([
      [1, 'share'],
      [2, 'share'],
    ]);
  });

  it('lets go what is too old', () => {
    expect(chosen({ nowMs: 5000, retentionMs: 3500, maxTotalBytes: 400 })).toEqual([[1, 'age']]);
  });

  it('never deletes a younger segment before an older one', () => {
    const backwards = [
      { segment: 9, sizeBytes: 1, modifiedMs: 9000 },
      { segment: 10, sizeBytes: 1, modifiedMs: 1 },
    ];
    expect(expiredSegments(backwards, { nowMs: 10_000, retentionMs: 5000, maxTotalBytes: 99 })).toEqual([]);
  });

  it('keeps what a projection has not read, however old and large', () => {
    expect(chosen({ nowMs: 99_000, retentionMs: 1, maxTotalBytes: 0, keepFrom: 2 })).toEqual([[1, 'share']]);
    expect(chosen({ nowMs: 99_000, retentionMs: 1, maxTotalBytes: 0, keepFrom: 0 })).toEqual([]);
  });
});
