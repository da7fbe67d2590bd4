import { createHash } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import type { Tables } from '../../storage/index.ts';
import { chargeOutcome } from '../invoices/outcome-charges.ts';

/**
 * Projects an outcome: a row to be asked for, and the charge of it where a plan has a price. What takes back or
 * corrects another is not charged again, nor is what our own evaluations say.
 */
export async function projectOutcome(trx: Transaction<Tables>, fact: OutcomeFact): Promise<void> {
  // No client saw the answer: routing learns from it, and nobody is shown or charged it.
  if (fact.draft === true) return;
  await recordOutcome(trx, fact);
  const isFirst = fact.retracts === undefined && fact.supersedes === undefined && fact.runId === undefined;
  if (isFirst) await chargeOutcome(trx, fact);
}

/** A fact told again, by a replay for instance, is the same row. */
async function recordOutcome(trx: Transaction<Tables>, fact: OutcomeFact): Promise<void> {
  const { amountNanos } = fact;
  await trx
    .insertInto('outcome')
    .values({
      outcome_id: fact.outcomeId ?? digestOf(fact),
      request_id: fact.requestId,
      job: fact.job ?? '',
      model: fact.model ?? '',
      host: fact.host ?? '',
      customer: fact.customer ?? '',
      end_user: fact.endUser ?? '',
      kind: fact.kind,
      value: fact.value ?? null,
      weight: fact.weight ?? null,
      label: fact.label ?? null,
      amount_nanos: amountNanos === undefined || !/^-?\d{1,18}$/.test(amountNanos) ? null : BigInt(amountNanos),
      minutes_saved: fact.minutesSaved ?? null,
      source: fact.source,
      grader: fact.grader ?? null,
      run_id: fact.runId ?? null,
      retracts: fact.retracts ?? null,
      supersedes: fact.supersedes ?? null,
      idempotency_key: fact.idempotencyKey ?? null,
      posted_by: fact.postedBy ?? '',
      at_ms: BigInt(Math.round(fact.atMs)),
      received_at_ms: BigInt(Math.round(fact.receivedAtMs ?? fact.atMs)),
    })
    .onConflict((conflict) => conflict.column('outcome_id').doNothing())
    .execute();
}

/** Facts of the first version have no id: what they say is their id. */
function digestOf(fact: OutcomeFact): string {
  const said = JSON.stringify([fact.requestId, fact.kind, fact.value, fact.source, fact.idempotencyKey, fact.atMs]);
  return `out_${createHash('sha256').update(said).digest('hex').slice(0, 32)}`;
}
