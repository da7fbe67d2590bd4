import type { EvalItem } from './eval-spec.ts';

/** What earlier runs say of an item: how many different models passed it and failed it. */
export interface ItemHistory {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Items on which models were seen to disagree come first, then unknown ones, then those where all agreed: money that
 * runs out has then bought the most. Within each group the order is that of the seed, so that a cut is no selection.
 */
export function planItems(
  items: readonly EvalItem[],
  histories: ReadonlyMap<string, ItemHistory>,
  seed: number,
): readonly EvalItem[] {
  const rankOf = ({ digest }: EvalItem): number => {
    const history = histories.get(digest);
    if (!history || history.passed + history.failed === 0) return 1;
    return history.passed > 0 && history.failed > 0 ? 0 : 2;
  };
  const ranked = items.map((item) => ({ item, rank: rankOf(item), place: placeOf(item.digest, seed) }));
  return ranked.toSorted((a, b) => a.rank - b.rank || a.place - b.place).map(({ item }) => item);
}

function placeOf(digest: string, seed: number): number {
  let hash = seed >>> 0;
  for (const character of digest) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}
