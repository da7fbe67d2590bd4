import type { AttemptFact } from '../../../domain/facts/facts.ts';
import { rateAttempt } from '../../../domain/rating/rate-attempt.ts';
import type { VersionLookup } from '../ports.ts';
import { type FlawedFact, isFlawed, type PlacedMoneyFact } from '../facts/read-fact.ts';

/** An attempt whose own price gives another cost than it says. */
export interface RatingDifference {
  readonly read: PlacedMoneyFact<AttemptFact>;
  readonly detail: string;
}

/** Rates the attempts of a batch again and finds those that differ; what cannot be rated for lack of a version passes. */
export async function findRatingDifferences(
  reads: readonly (PlacedMoneyFact | FlawedFact)[],
  versions: VersionLookup,
): Promise<ReadonlyMap<AttemptFact, RatingDifference>> {
  const rated = reads.filter(isRatedAttempt);
  const prices = new Set(rated.map(({ fact }) => fact.priceVersionId ?? ''));
  const contracts = new Set(rated.flatMap(({ fact }) => fact.contractVersionId ?? []));
  await versions.load({ prices: [...prices], contracts: [...contracts] });
  const differences = new Map<AttemptFact, RatingDifference>();
  for (const read of rated) {
    const detail = differenceOf(read.fact, versions);
    if (detail !== undefined) differences.set(read.fact, { read, detail });
  }
  return differences;
}

function isRatedAttempt(read: PlacedMoneyFact | FlawedFact): read is PlacedMoneyFact<AttemptFact> {
  return !isFlawed(read) && read.fact.type === 'attempt' && read.fact.priceVersionId !== undefined;
}

function differenceOf(fact: AttemptFact, versions: VersionLookup): string | undefined {
  const price = versions.price(fact.priceVersionId ?? '');
  const contract = fact.contractVersionId === undefined ? undefined : versions.contract(fact.contractVersionId);
  if (!price || (fact.contractVersionId !== undefined && !contract)) return undefined;
  const again = rateAttempt(fact, price, contract);
  if (!again) return undefined;
  const costNanos = again.costNanos?.toString() ?? null;
  if (costNanos === fact.costNanos) return undefined;
  return `the fact says ${fact.costNanos ?? 'unknown'}, ${price.versionId} gives ${costNanos ?? 'unknown'}`;
}
