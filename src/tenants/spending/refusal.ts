import { Fault } from '../../domain/faults/fault.ts';
import { formatNanosAsUsd } from '../../domain/money/money.ts';
import type { Counter } from './counter.ts';
import { describeScope } from './rate-meters.ts';

const periodWords = { day: 'daily', week: 'weekly', month: 'monthly', lifetime: 'lifetime' } as const;

/** Wait before a limit that cannot be checked is worth asking about again. */
const unavailableRetryMs = 2_000;

/** The refusal of an exchange that does not fit: scope, limit, spent, held and reset time. */
export function budgetExceeded(counter: Counter, amountNanos: bigint): Fault {
  const { rule, period } = counter;
  const who = describeScope(rule.scope, nameOf(counter));
  const limit = rule.scope === 'wallet' ? 'balance' : `${periodWords[rule.period]} budget`;
  const reset = Number.isFinite(period.endMs)
    ? ` It resets at ${toInstant(period.endMs)}.`
    : ' It does not reset by itself.';
  const message =
    `The ${limit} of the ${who} does not cover this request, which may cost up to ${formatNanosAsUsd(amountNanos)}:` +
    ` limit ${formatNanosAsUsd(counter.limitNanos)}, spent ${formatNanosAsUsd(counter.spentNanos)}, held ${formatNanosAsUsd(counter.reservedNanos)}.${reset}`;
  return new Fault('budget_exceeded', { message });
}

/** The refusal when a hard limit cannot be checked: never a 402, the money may be there. */
export function budgetUnavailable(why: string): Fault {
  const message = `A hard budget cannot be checked right now: ${why}. Try again in ${unavailableRetryMs / 1000} s.`;
  return new Fault('budget_unavailable', { message, retryAfterMs: unavailableRetryMs });
}

/** Whom the counter limits, as the caller knows it: counters of `*` rules carry the name of their subject. */
function nameOf({ rule, subject }: Counter): string {
  if (rule.name !== '*') return rule.name;
  return subject.slice(subject.indexOf('/') + 1);
}

function toInstant(atMs: number): string {
  return new Date(atMs).toISOString();
}
