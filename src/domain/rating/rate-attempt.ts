import type { AttemptFact } from '../facts/facts.ts';
import type { Price, PriceContract } from './price.ts';
import { rate, type Rating } from './rating.ts';
import type { Usage } from './usage.ts';

/** Usage of a recorded attempt as it was when it was rated; undefined when the attempt used nothing. */
function usageOfAttempt(fact: AttemptFact): Usage | undefined {
  if (fact.usage === undefined) return undefined;
  return {
    buckets: fact.usage,
    source: fact.usageSource ?? 'provider',
    ...(fact.flags.includes('usage_invalid') && { invalid: true }),
    ...(fact.reportedCostNanos !== undefined && { reportedCostNanos: BigInt(fact.reportedCostNanos) }),
    ...(fact.servedTier !== undefined && { servedTier: fact.servedTier }),
  };
}

/**
 * Rates a recorded attempt again from its own fact and the price and contract versions that the fact names. The result
 * equals what the fact says, or one of them is wrong. Undefined when the attempt used nothing: its cost is then 0.
 */
export function rateAttempt(fact: AttemptFact, price: Price | undefined, contract?: PriceContract): Rating | undefined {
  const usage = usageOfAttempt(fact);
  return (
    usage &&
    rate(usage, price, {
      startedAtMs: fact.startedAtMs,
      ...(fact.batch !== undefined && { batch: fact.batch }),
      ...(fact.region !== undefined && { region: fact.region }),
      ...(contract && { contract }),
    })
  );
}
