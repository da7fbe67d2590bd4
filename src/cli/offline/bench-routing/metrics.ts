import type { BenchRow } from './load-set.ts';

/** Mean cost (nano-USD) and mean score of a way to choose. */
export interface Point {
  readonly cost: number;
  readonly score: number;
}

/** Places of chosen models, one per row. */
export type Choices = Int32Array;

/** Trade-offs at which every method is measured. */
export const lambdas: readonly number[] = [
  0,
  ...Array.from({ length: 60 }, (_, at) => 1e-4 * (50 / 1e-4) ** (at / 59)),
];

/** Mean score and cost of the chosen models; missing scores do not count. */
export function pointOf(rows: readonly BenchRow[], choices: Choices, weights?: Float64Array): Point {
  let cost = 0;
  let score = 0;
  let count = 0;
  rows.forEach((row, at) => {
    const chosen = choices[at] ?? 0;
    const value = row.scores[chosen] ?? Number.NaN;
    const weight = weights?.[at] ?? 1;
    if (Number.isNaN(value)) return;
    score += weight * value;
    cost += weight * (row.costs?.[chosen] ?? 0);
    count += weight;
  });
  return count === 0 ? { cost: 0, score: 0 } : { cost: cost / count, score: score / count };
}

/** Upper non-decreasing convex hull, by rising cost. */
export function hullOf(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((left, right) => left.cost - right.cost || right.score - left.score);
  const hull: Point[] = [];
  for (const point of sorted) {
    const last = hull.at(-1);
    if (last && point.score <= last.score) continue;
    while (hull.length > 1 && isBelow(hull.at(-2), hull.at(-1), point)) hull.pop();
    hull.push(point);
  }
  return hull;
}

function isBelow(first: Point | undefined, middle: Point | undefined, last: Point): boolean {
  if (!first || !middle) return false;
  return (
    (middle.score - first.score) * (last.cost - first.cost) <= (last.score - first.score) * (middle.cost - first.cost)
  );
}

/** Height of the hull at a cost: linear between its points, constant after the last, 0 before the first. */
export function heightAt(hull: readonly Point[], cost: number): number {
  const [first] = hull;
  if (!first || cost < first.cost - 1e-12) return 0;
  for (let at = 1; at < hull.length; at++) {
    const left = hull[at - 1];
    const right = hull[at];
    if (left && right && cost < right.cost)
      return left.score + ((right.score - left.score) * (cost - left.cost)) / (right.cost - left.cost);
  }
  return hull.at(-1)?.score ?? 0;
}

/** Area under the hull between two costs, over their distance. */
export function areaUnder(hull: readonly Point[], from: number, to: number): number | undefined {
  const steps = 400;
  if (!(to > from)) return undefined;
  let sum = 0;
  for (let at = 0; at < steps; at++) {
    const height = heightAt(hull, from + ((to - from) * at) / (steps - 1));
    sum += at === 0 || at === steps - 1 ? height / 2 : height;
  }
  return sum / (steps - 1);
}

/** Least cost at which the hull reaches a score. */
export function costReaching(hull: readonly Point[], score: number): number | undefined {
  const [first] = hull;
  if (!first) return undefined;
  if (first.score >= score - 1e-12) return first.cost;
  for (let at = 1; at < hull.length; at++) {
    const left = hull[at - 1];
    const right = hull[at];
    if (!left || !right || right.score < score - 1e-12) continue;
    return left.cost + ((right.cost - left.cost) * (score - left.score)) / (right.score - left.score);
  }
  return undefined;
}

/** Spread of choices in bits. */
export function entropyBits(choices: Choices): number {
  const counts = new Map<number, number>();
  for (const one of choices) counts.set(one, (counts.get(one) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / choices.length) * Math.log2(count / choices.length);
  return bits;
}

/** Share of the gap between weak and strong that is closed, over the share of prompts sent to the strong model. */
export function strongShareCurve(
  rows: readonly BenchRow[],
  gains: Float64Array,
  pair: { strong: number; weak: number },
): { apgr: number; cpt50: number | undefined; cpt80: number | undefined } {
  const order = Array.from(rows.keys()).sort((left, right) => (gains[right] ?? 0) - (gains[left] ?? 0) || left - right);
  const mean = (model: number): number => rows.reduce((sum, row) => sum + (row.scores[model] ?? 0), 0) / rows.length;
  const weak = mean(pair.weak);
  const strong = mean(pair.strong);
  const closed = Array.from({ length: 11 }, (_, step) => {
    const sent = new Set(order.slice(0, Math.round((step / 10) * rows.length)));
    const score = rows.reduce((sum, row, at) => sum + (row.scores[sent.has(at) ? pair.strong : pair.weak] ?? 0), 0);
    return (score / rows.length - weak) / (strong - weak);
  });
  let apgr = 0;
  for (let step = 1; step <= 10; step++) apgr += ((closed[step - 1] ?? 0) + (closed[step] ?? 0)) / 20;
  return { apgr, cpt50: shareReaching(closed, 0.5), cpt80: shareReaching(closed, 0.8) };
}

function shareReaching(closed: readonly number[], level: number): number | undefined {
  let before = Number.NEGATIVE_INFINITY;
  for (let step = 0; step < closed.length; step++) {
    const here = Math.max(before, closed[step] ?? 0);
    if (here >= level)
      return step === 0 || here === before ? step / 10 : (step - 1 + (level - before) / (here - before)) / 10;
    before = here;
  }
  return undefined;
}

/** Middle value. */
export function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
