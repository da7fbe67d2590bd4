import { chargeOf } from '../../domain/charges/charge.ts';
import type { Endpoint, PricedEndpoint } from '../../domain/calls/endpoint.ts';
import type { Plan } from '../../domain/charges/plan.ts';
import { rate } from '../../domain/rating/rating.ts';
import type { UsageBuckets } from '../../domain/rating/usage.ts';

/** What a call may use at most, and on which terms. */
export interface QuotedCall {
  readonly plan: Plan;
  readonly model: string;
  readonly job: string | undefined;
  readonly atMs: number;
  readonly inputTokens: number;
  /** The call asks hosts to keep parts of its prompt, which costs more than reading them. */
  readonly writesCache: boolean;
  /** Part of a batch: rated at batch prices. */
  readonly isBatch?: boolean;
  priceOf(endpoint: Endpoint, atMs: number): PricedEndpoint;
}

/** Upper estimate of a call's charge at one endpoint, for so many output tokens; null when a price is unknown. */
export function quoteAt(call: QuotedCall, endpoint: Endpoint, outputTokens: number): bigint | null {
  let dearest: bigint | null = null;
  for (const usage of worstUsages(call, outputTokens)) {
    const chargeNanos = chargeFor(call, endpoint, usage);
    if (chargeNanos === null) return null;
    if (dearest === null || chargeNanos > dearest) dearest = chargeNanos;
  }
  return dearest;
}

/** Upper estimate at the dearest of several endpoints, of which every price is known. */
export function quoteDearest(call: QuotedCall, endpoints: readonly Endpoint[], outputTokens: number): bigint {
  let dearest = 0n;
  for (const endpoint of endpoints) {
    const nanos = quoteAt(call, endpoint, outputTokens) ?? 0n;
    if (nanos > dearest) dearest = nanos;
  }
  return dearest;
}

/** Output can turn out to be reasoning, and input to be written into a cache: each may cost more than the plain kind. */
function worstUsages({ inputTokens, writesCache }: QuotedCall, outputTokens: number): readonly UsageBuckets[] {
  const plain = { input: inputTokens, output: outputTokens };
  if (!writesCache) return [plain, { input: inputTokens, reasoning: outputTokens }];
  return [
    plain,
    { cacheWrite5m: inputTokens, output: outputTokens },
    { cacheWrite1h: inputTokens, reasoning: outputTokens },
  ];
}

function chargeFor(call: QuotedCall, endpoint: Endpoint, usage: UsageBuckets): bigint | null {
  const { plan, model, job, atMs, priceOf } = call;
  if (endpoint.ownAccount) {
    // The host bills the customer: what remains to be charged are fees that do not depend on use.
    const attempt = { fate: 'delivered', costNanos: 0n } as const;
    return chargeOf(plan, { model, job, status: 'completed', attempts: [attempt] }).chargeNanos;
  }
  const { price, contract } = priceOf(endpoint, atMs);
  const context = { startedAtMs: atMs, region: endpoint.region, contract, batch: call.isBatch };
  const { costNanos } = rate({ buckets: usage, source: 'provider' }, price, context);
  if (costNanos === null) return null;
  const attempt = { fate: 'delivered', usage, costNanos } as const;
  return chargeOf(plan, { model, job, status: 'completed', attempts: [attempt] }).chargeNanos;
}
