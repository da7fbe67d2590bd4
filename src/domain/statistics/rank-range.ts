/** The best and the worst place that the evidence leaves possible; never a bare rank. */
export interface RankRange {
  readonly best: number;
  readonly worst: number;
}

/** Says which of two is significantly better: above 0 the first, below 0 the second, 0 when the evidence is open. */
export type SignificantOrder = (first: number, second: number) => number;

/** Rank ranges of `count` entries: 1 + those significantly better, to `count` less those significantly worse. */
export function rankRanges(count: number, order: SignificantOrder): readonly RankRange[] {
  return Array.from({ length: count }, (_, entry) => {
    let better = 0;
    let worse = 0;
    for (let other = 0; other < count; other++) {
      if (other === entry) continue;
      const sign = order(entry, other);
      if (sign < 0) better++;
      if (sign > 0) worse++;
    }
    return { best: 1 + better, worst: count - worse };
  });
}
