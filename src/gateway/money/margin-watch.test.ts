import { expect, it } from 'vitest';
import { MarginWatch } from './margin-watch.ts';

const hourMs = 3_600_000;

it('a margin under its floor is told once per customer and day', () => {
  const watch = new MarginWatch();
  const told = [
    watch.isNews('acme', 0),
    watch.isNews('acme', 23 * hourMs),
    watch.isNews('globex', 23 * hourMs),
    watch.isNews('acme', 24 * hourMs),
    watch.isNews('acme', 25 * hourMs),
  ];
  expect(told).toEqual([true, false, true, true, false]);
});
