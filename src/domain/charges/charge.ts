import { type ChargeLine, ChargeSum, type PricingContext, zeptosPerNano } from './charge-sum.ts';
import { ownValue } from '../json/own-value.ts';
import { type Plan, onePpm } from './plan.ts';
import type { UsageBucket, UsageBuckets } from '../rating/usage.ts';

export type { ChargeLine, ChargeRule, PricingContext } from './charge-sum.ts';

/**
 * What became of an attempt for the client. `delivered`: its output reached the client, or was on the way when the
 * client left. `empty`: it ended without output, with a blank or an error end. `lost`: it failed, was cut, or lost a
 * race; nobody saw its output.
 */
export type AttemptFate = 'delivered' | 'empty' | 'lost';

/** One upstream call as far as a charge needs it. */
export interface ChargedAttempt {
  readonly fate: AttemptFate;
  readonly usage?: UsageBuckets;
  /** null: unknown, because a used price is. */
  readonly costNanos: bigint | null;
  /** Part of the cost that is due even for an empty answer: web searches and the like. */
  readonly feesNanos?: bigint;
}

/** What a charge is computed from: one exchange, all its attempts in order. */
export interface ChargeContext extends PricingContext {
  readonly job?: string;
  readonly status: 'completed' | 'failed' | 'aborted';
  readonly attempts: readonly ChargedAttempt[];
  /** Answered from the cache: the cost and usage of the original answer. */
  readonly saved?: { readonly costNanos: bigint | null; readonly usage?: UsageBuckets };
}

/** What a customer owes for one exchange, and what happened to the cost that it does not pay. */
export interface Charge {
  /** null: unknown, because a cost or an own price that it needs is. Never 0 by default. */
  readonly chargeNanos: bigint | null;
  readonly planVersionId: string;
  readonly lines: readonly ChargeLine[];
  /** Used buckets for which the plan has no price. */
  readonly unpriced: readonly UsageBucket[];
  /** Cost of all attempts; null when one is unknown. */
  readonly costNanos: bigint | null;
  /** Cost that nobody is charged for: the exchange brought the client nothing. */
  readonly absorbedNanos: bigint;
  /** Cost of failed tries that the plan does not charge, though another attempt answered. */
  readonly wasteNanos: bigint;
  /** The margin is under the plan's floor: raise an alert. */
  readonly belowMarginFloor: boolean;
}

/** Charges one exchange by a plan: pure and exact, called once per exchange when all its attempts are rated. */
export function chargeOf(plan: Plan, context: ChargeContext): Charge {
  const sum = new ChargeSum(plan, context);
  const delivered = context.saved !== undefined || context.attempts.some((attempt) => attempt.fate === 'delivered');
  const fixed = delivered && addFixedPrice(plan, context, sum);
  if (context.saved && !fixed) sum.addSaved(context.saved);
  let costNanos: bigint | null = 0n;
  let absorbedNanos = 0n;
  let wasteNanos = 0n;
  for (const attempt of context.attempts) {
    const attemptCost = attempt.costNanos ?? 0n;
    costNanos = costNanos === null || attempt.costNanos === null ? null : costNanos + attempt.costNanos;
    const paid = delivered && (attempt.fate === 'delivered' || (attempt.fate === 'lost' && plan.attempts === 'all'));
    if (paid) {
      if (!fixed) sum.addUse(attempt);
    } else if (attempt.fate === 'empty' || !delivered) {
      const feesNanos = attempt.feesNanos ?? 0n;
      if (feesNanos > 0n) sum.addUse({ costNanos: feesNanos, usage: feeUsage(attempt.usage) });
      absorbedNanos += attemptCost > feesNanos ? attemptCost - feesNanos : 0n;
    } else wasteNanos += attemptCost;
  }
  const chargeNanos = sum.close(fixed ? 0n : plan.chargeFloorPpm);
  const belowMarginFloor = !sum.isPending && isBelowFloor(plan, chargeNanos, costNanos);
  const { lines, unpriced } = sum;
  return {
    chargeNanos,
    planVersionId: plan.versionId,
    lines,
    unpriced,
    costNanos,
    absorbedNanos,
    wasteNanos,
    belowMarginFloor,
  };
}

/** The amount that is due when an outcome arrives; undefined when the plan has no price for it. */
export function chargeOfOutcome(
  plan: Plan,
  outcome: { readonly kind: string; readonly value?: number; readonly job?: string },
): bigint | undefined {
  const price = plan.outcomePrices.find(
    (candidate) =>
      candidate.kind === outcome.kind &&
      (candidate.job === undefined || candidate.job === outcome.job) &&
      (candidate.atLeast === undefined || (outcome.value !== undefined && outcome.value >= candidate.atLeast)),
  );
  return price?.amountNanos;
}

/** Adds what does not depend on use; says whether the plan has such a price for the exchange. */
function addFixedPrice(plan: Plan, context: ChargeContext, sum: ChargeSum): boolean {
  const { job } = context;
  const outcome = plan.outcomePrices.find((price) => price.job === undefined || price.job === job);
  if (outcome) {
    sum.addPending(outcome.kind);
    return true;
  }
  const jobNanos = job === undefined ? undefined : ownValue(plan.jobPricesNanos, job);
  if (job === undefined || jobNanos === undefined) return false;
  // A job that failed half-way is not done: nothing is due for it.
  if (context.status !== 'failed') sum.addLine({ rule: 'job', label: job, zeptos: jobNanos * zeptosPerNano });
  return true;
}

/** Of an empty answer only the counted requests remain to be paid. */
function feeUsage(usage: UsageBuckets | undefined): UsageBuckets | undefined {
  return usage?.requests === undefined ? undefined : { requests: usage.requests };
}

function isBelowFloor(plan: Plan, chargeNanos: bigint | null, costNanos: bigint | null): boolean {
  if (plan.marginFloorPpm === undefined || chargeNanos === null || costNanos === null) return false;
  return (chargeNanos - costNanos) * onePpm < plan.marginFloorPpm * chargeNanos;
}
