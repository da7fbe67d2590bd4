import { type Interval, twoSidedWidth } from './normal.ts';

/** Wilson interval of a success rate: keeps its coverage near 0 and 1. One observation or none has no interval. */
export function wilsonInterval(successes: number, count: number, confidence = 0.95): Interval | undefined {
  if (count < 2) return undefined;
  const z = twoSidedWidth(confidence);
  const rate = successes / count;
  const spread = (z * z) / count;
  const centre = rate + spread / 2;
  const half = z * Math.sqrt((rate * (1 - rate)) / count + spread / (4 * count));
  return [
    successes === 0 ? 0 : (centre - half) / (1 + spread),
    successes === count ? 1 : (centre + half) / (1 + spread),
  ];
}
