import { describe, expect, it } from 'vitest';
import { ReadPlace } from './shared-outcomes.ts';

/** Reads rows as the follower does; gives those that were new. */
function reading(place: ReadPlace, rows: readonly bigint[]): bigint[] {
  const found = rows.filter((seq) => seq > place.readTo && place.isNew(seq));
  place.settle();
  return found;
}

describe('the place up to which outcomes were read', () => {
  it('moves on with what was read, so that nothing is read again when nothing came', () => {
    const place = new ReadPlace(() => 0);
    expect(reading(place, [7n, 8n, 9n])).toEqual([7n, 8n, 9n]);
    expect(place.readTo).toBe(9n);
    expect(reading(place, [7n, 8n, 9n])).toEqual([]);
  });

  it('waits at a gap for a row that began earlier and is committed later, and then goes on', () => {
    let nowMs = 0;
    const place = new ReadPlace(() => nowMs);
    reading(place, [1n]);
    expect(reading(place, [1n, 3n, 4n])).toEqual([3n, 4n]);
    expect(place.readTo).toBe(1n);
    nowMs = 9_999;
    expect(reading(place, [1n, 2n, 3n, 4n])).toEqual([2n]);
    expect(place.readTo).toBe(4n);
  });

  it('does not wait for ever for a row that was never written', () => {
    let nowMs = 0;
    const place = new ReadPlace(() => nowMs);
    reading(place, [1n]);
    reading(place, [3n]);
    nowMs = 10_000;
    reading(place, [3n, 4n]);
    expect(place.readTo).toBe(4n);
  });
});
