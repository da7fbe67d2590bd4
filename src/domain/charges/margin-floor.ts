import { chargeOf } from './charge.ts';
import type { Plan } from './plan.ts';
import type { Price, PriceContract } from '../rating/price.ts';
import { rate } from '../rating/rating.ts';
import type { UsageBuckets } from '../rating/usage.ts';

/** What a customer has lately used of one model with a request, in the mean, under its present plan. */
export interface Exposure {
  readonly customer: string;
  readonly plan: Plan;
  readonly model: string;
  readonly usage: UsageBuckets;
  /** What was agreed with the host beside its list price. */
  readonly contract?: PriceContract | undefined;
}

/** Customers whose margin a new price takes under the floor of their plan: each once, none that was under it before. */
export function customersPushedBelow(
  exposures: readonly Exposure[],
  change: { readonly before: Price; readonly after: Price },
): readonly string[] {
  const pushed = exposures.filter((exposure) => !isBelow(exposure, change.before) && isBelow(exposure, change.after));
  return [...new Set(pushed.map(({ customer }) => customer))];
}

function isBelow({ plan, model, usage, contract }: Exposure, price: Price): boolean {
  const context = { startedAtMs: 0, ...(contract !== undefined && { contract }) };
  const { costNanos } = rate({ buckets: usage, source: 'provider' }, price, context);
  const attempts = [{ fate: 'delivered', usage, costNanos }] as const;
  return chargeOf(plan, { model, status: 'completed', attempts }).belowMarginFloor;
}
