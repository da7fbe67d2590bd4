import { Fault } from '../../domain/faults/fault.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { Plan } from '../../domain/charges/plan.ts';
import type { BatchDemand } from '../../storage/index.ts';
import type { MoneyPorts } from './money-ports.ts';
import { type QuotedCall, quoteAt } from './quote-hold.ts';

/** A batch whose cost must be held before it starts. */
export interface QuotedBatch {
  readonly demands: readonly BatchDemand[];
  readonly plan: Plan;
  readonly key: string;
  readonly atMs: number;
  /** The endpoint that a row's model stands for at the batch's host. */
  endpointOf(upstreamModel: string): Endpoint | undefined;
}

/** What an answer may grow to where the model's own limit is unknown. */
const fallbackMaxOutputTokens = 8192;

/**
 * Upper estimate of what a batch will be charged, over all its rows. Refused where it cannot be known: under a hard
 * limit nothing may run whose cost nobody knows.
 */
export function quoteBatch(batch: QuotedBatch, money: Pick<MoneyPorts, 'priceOf'>): bigint | Fault {
  let totalNanos = 0n;
  for (const demand of batch.demands) {
    const endpoint = batch.endpointOf(demand.model);
    const nanos = endpoint && quoteDemand(demand, endpoint, { batch, money });
    if (nanos === undefined || nanos === null) return unpriced(demand.model);
    totalNanos += nanos;
  }
  return totalNanos;
}

function quoteDemand(
  demand: BatchDemand,
  endpoint: Endpoint,
  { batch, money }: { batch: QuotedBatch; money: Pick<MoneyPorts, 'priceOf'> },
): bigint | null {
  const { rows, inputTokens, outputTokens, openAnswers } = demand;
  const longest = endpoint.limits.maxOutputTokens ?? fallbackMaxOutputTokens;
  const output = outputTokens + openAnswers * longest;
  const call = (tokens: number): QuotedCall => ({
    plan: batch.plan,
    model: endpoint.modelName,
    job: undefined,
    atMs: batch.atMs,
    inputTokens: tokens,
    writesCache: false,
    isBatch: true,
    priceOf: (at, atMs) => money.priceOf(at, atMs, batch.key),
  });
  // Rows are charged one by one: prices by size may make few long rows dearer, and fees by the call many short ones.
  const together = quoteAt(call(inputTokens), endpoint, output);
  const apart = quoteAt(call(Math.ceil(inputTokens / rows)), endpoint, Math.ceil(output / rows));
  if (together === null || apart === null) return null;
  const sum = apart * BigInt(rows);
  return sum > together ? sum : together;
}

function unpriced(model: string): Fault {
  const message = `The price of "${model.slice(0, 200)}", which a row of the input names, is unknown, and this key has a hard limit. Set a price for its endpoint.`;
  return new Fault('no_candidate', { message, param: 'input_file_id' });
}
