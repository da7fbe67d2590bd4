import type { Interval } from './normal.ts';
import { seededRandom } from './seeded-random.ts';

/** How a bootstrap is drawn; the same plan gives the same interval. */
export interface BootstrapPlan {
  readonly seed: number;
  /** Resamples; 2,000 unless told. */
  readonly rounds?: number;
  readonly confidence?: number;
}

/**
 * Percentile interval of any statistic by drawing whole clusters with replacement. Resamples for which the statistic is
 * undefined count as unbounded above; undefined with fewer than two clusters.
 */
export function clusterBootstrap<Cluster>(
  clusters: readonly Cluster[],
  statistic: (drawn: readonly Cluster[]) => number | undefined,
  plan: BootstrapPlan,
): Interval | undefined {
  if (clusters.length < 2) return undefined;
  const { rounds = 2_000, confidence = 0.95 } = plan;
  const random = seededRandom(plan.seed);
  const figures = new Float64Array(rounds);
  const drawn: Cluster[] = [...clusters];
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < drawn.length; at++) {
      const cluster = clusters[Math.floor(random() * clusters.length)];
      if (cluster !== undefined) drawn[at] = cluster;
    }
    figures[round] = statistic(drawn) ?? Infinity;
  }
  figures.sort();
  const edge = (1 - confidence) / 2;
  return [quantile(figures, edge), quantile(figures, 1 - edge)];
}

/** Value below which this share of ascending figures lies, between neighbours where it falls between them. */
export function quantile(ascending: Float64Array | readonly number[], share: number): number {
  const place = share * (ascending.length - 1);
  const below = ascending[Math.floor(place)] ?? NaN;
  const above = ascending[Math.ceil(place)] ?? NaN;
  return below === above ? below : below + (above - below) * (place - Math.floor(place));
}
