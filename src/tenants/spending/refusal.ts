import { Fault } from '../../domain/fault.ts';
import type { Counter } from './counter.ts';
import { describeScope } from './rate-meters.ts';

const nanosPerDollar = 1_000_000_000n;
const periodWords = { day: 'daily', week: 'weekly', month: 'monthly', lifetime: 'lifetime' } as const;

/** Wait before a limit that cannot be checked is worth asking about again. */
export const unavailableRetryMs = 2_000;

/** The refusal of an exchange that does not fit: scope, limit, spent, held and reset time. */
export function budgetExceeded(counter: Counter, amountNanos: bigint): Fault {
  const { rule, period } = counter;
  const who = describeScope(rule.scope, nameOf(counter));
  const limit = rule.scope === 'wallet' ? 'balance' : `${periodWords[rule.period]} budget`;
  const reset = Number.isFinite(period.endMs)
    ? ` It resets at ${toInstant(period.endMs)}.`
    : ' It does not reset by itself.';
  const message =
    `The ${limit} of the ${who} does not cover this request, which may cost up to ${dollars(amountNanos)}:` +
    ` limit ${dollars(counter.limitNanos)}, spent ${dollars(counter.spentNanos)}, held ${dollars(counter.reservedNanos)}.${reset}`;
  return new Fault('budget_exceeded', { message });
}

/** The refusal when a hard limit cannot be checked: never a 402, the money may be there. */
export function budgetUnavailable(why: string): Fault {
  const message = `A hard budget cannot be checked right now: ${why}. Try again in ${unavailableRetryMs / 1000} s.`;
  return new Fault('budget_unavailable', { message, retryAfterMs: unavailableRetryMs });
}

/** An amount in dollars, exact to the nano, without trailing zeros beyond cents. */
export function dollars(nanos: bigint): string {
  const sign = nanos < 0n ? '-' : '';
  const absolute = nanos < 0n ? -nanos : nanos;
  const fraction = (absolute % nanosPerDollar)
    .toString()
    .padStart(9, '0')
    .replace(/0{1,7}$/, '');
  return `${sign}$${absolute / nanosPerDollar}.${fraction}`;
}

/** Whom the counter limits, as the caller knows it: counters of `*` rules carry the name of their subject. */
function nameOf({ rule, subject }: Counter): string {
  if (rule.name !== '*') return rule.name;
  return subject.slice(subject.indexOf('/') + 1);
}

function toInstant(atMs: number): string {
  return new Date(atMs).toISOString();
}
