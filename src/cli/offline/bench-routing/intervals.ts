import { createSeededRandom, type Random } from '../../../platform/random.ts';

const resamples = 2000;

/** Means and 95% interval of paired differences, by bootstrap over rows. */
export function pairedInterval(differences: Float64Array, seed: number): [number, number] {
  const random = createSeededRandom(seed);
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let at = 0; at < differences.length; at++)
      sum += differences[Math.floor(random.unit() * differences.length)] ?? 0;
    return sum / Math.max(1, differences.length);
  });
  return percentiles(means);
}

/** 2.5% and 97.5% of resampled values. */
export function percentiles(values: Float64Array): [number, number] {
  const sorted = values.toSorted();
  return [sorted[Math.floor(0.025 * sorted.length)] ?? 0, sorted[Math.ceil(0.975 * sorted.length) - 1] ?? 0];
}

/** How often each row is drawn in one resample. */
export function resampleCounts(rows: number, random: Random): Float64Array {
  const counts = new Float64Array(rows);
  for (let drawn = 0; drawn < rows; drawn++) {
    const at = Math.floor(random.unit() * rows);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** A normally distributed number. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}

/** Indices 0..count-1 in seeded order. */
export function shuffled(count: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(random.unit() * (at + 1));
    const kept = order[at] ?? 0;
    order[at] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}
