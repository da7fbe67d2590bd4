import type { AttemptFact } from '../../domain/facts/facts.ts';
import type { AdmittedExchange } from '../settle.ts';
import { chargeExchange } from './charge-exchange.ts';
import type { MoneyPorts } from './money-ports.ts';
import { type QuotedCall, quoteDearest } from './quote-hold.ts';

/** One more call of a model within an exchange. */
export interface NextRound {
  readonly attempts: readonly AttemptFact[];
  readonly inputTokens: number;
  /** What the client limits the call's output to. */
  readonly outputTokens: number | undefined;
}

/** What a call without a limit of its own asks for under a hard limit. */
const usualOutputTokens = 4096;
/** An answer with less room than this is no answer. */
const leastOutputTokens = 256;

/**
 * Holds what one more call may cost, beside what the exchange has cost so far, under the hold it was admitted with.
 * Answers how much the call may write: unlimited where no hard limit holds, undefined when nothing more is covered.
 */
export async function holdRound(
  { spending, startedAtMs, head, received }: AdmittedExchange,
  { attempts, inputTokens, outputTokens }: NextRound,
  money: MoneyPorts,
): Promise<{ readonly maxOutputTokens?: number } | undefined> {
  const { hold, plan, choice } = spending;
  if (!hold.isHard) return {};
  const { job, decision, policy } = choice;
  const result = { status: 'completed', inBand: false } as const;
  const { chargeNanos } = chargeExchange({ plan, model: head.model, job, attempts, result, saved: undefined });
  if (chargeNanos === null) return undefined;
  const call: QuotedCall = {
    plan,
    model: head.model,
    job,
    atMs: startedAtMs,
    inputTokens,
    writesCache: false,
    priceOf: (endpoint, atMs) => money.priceOf(endpoint, atMs, received.key.name),
  };
  const tries = plan.attempts === 'all' ? BigInt(policy.maxAttempts) : 1n;
  const wanted = outputTokens ?? usualOutputTokens;
  const least = Math.min(wanted, leastOutputTokens);
  for (let tokens = wanted; tokens >= least; tokens = Math.floor(tokens / 2)) {
    const needed = chargeNanos + quoteDearest(call, decision.ranked, tokens) * tries;
    const missing = needed - hold.amountNanos;
    if (missing <= 0n || (await hold.topUpOrWait(missing))) return { maxOutputTokens: tokens };
  }
  return undefined;
}
