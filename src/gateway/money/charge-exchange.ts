import type { DispatchResult } from '../../dispatch/index.ts';
import { type AttemptFate, type Charge, type ChargedAttempt, chargeOf } from '../../domain/charges/charge.ts';
import type { AttemptFact } from '../../domain/facts/facts.ts';
import type { Plan } from '../../domain/charges/plan.ts';
import type { UsageBuckets } from '../../domain/rating/usage.ts';

/** One exchange as its charge needs it. */
export interface ChargedExchange {
  readonly plan: Plan;
  readonly model: string;
  readonly job: string | undefined;
  readonly attempts: readonly AttemptFact[];
  readonly result: Pick<DispatchResult, 'status' | 'inBand'>;
  /** Answered from the cache: what the original answer cost. */
  readonly saved: { readonly costNanos: bigint | null; readonly usage?: UsageBuckets | undefined } | undefined;
}

/** Charges an exchange that is over, by the plan that was in force when it began. */
export function chargeExchange({ plan, model, job, attempts, result, saved }: ChargedExchange): Charge {
  const last = attempts.at(-1);
  // Calls of models between tools were answered, and still brought a client nothing that was refused in the end.
  const wasRefused = result.status === 'failed' && !result.inBand;
  const charged = attempts.map((attempt) => {
    const one = toCharged(attempt, attempt === last && result.inBand);
    return wasRefused && one.fate === 'delivered' ? { ...one, fate: 'lost' as const } : one;
  });
  return chargeOf(plan, { model, job, status: result.status, attempts: charged, saved });
}

function toCharged(attempt: AttemptFact, wasCutInBand: boolean): ChargedAttempt {
  const costNanos = attempt.costNanos === null ? null : BigInt(attempt.costNanos);
  // What ran on the customer's own account is on the host's bill to the customer: it has no units to charge for.
  const usage = attempt.flags.includes('own_credentials') ? undefined : attempt.usage;
  return { fate: fateOf(attempt, wasCutInBand), usage, costNanos };
}

/** What the client got of an attempt. */
function fateOf({ fault, flags, usage }: AttemptFact, wasCutInBand: boolean): AttemptFate {
  if (flags.includes('hedge_loser')) return 'lost';
  // The client left while the answer was on its way to it, or took what there was until it broke off.
  if (fault === undefined || wasCutInBand) return 'delivered';
  if (fault === 'client_gone') return 'delivered';
  return fault === 'empty_completion' || (usage?.output === 0 && usage.input !== undefined) ? 'empty' : 'lost';
}
