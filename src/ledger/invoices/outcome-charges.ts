import { createHash } from 'node:crypto';
import type { Transaction } from 'kysely';
import { chargeOfOutcome } from '../../domain/charges/charge.ts';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { type PlanTerms, readPlan } from '../../domain/charges/plan-terms.ts';
import { idTimeMs } from '../../platform/ids.ts';
import type { Tables } from '../../storage/index.ts';
import { customerAccount, ownAccount } from '../books/accounts.ts';
import { postTransaction } from '../books/post-transaction.ts';

/**
 * Charges an outcome by the plan that applied when its exchange started, if that plan has a price for it. The same
 * outcome told again charges nothing. Answers the amount; undefined when nothing is due.
 */
export async function chargeOutcome(trx: Transaction<Tables>, fact: OutcomeFact): Promise<bigint | undefined> {
  const exchange = await trx
    .selectFrom('exchange_recent')
    .select(['customer', 'job', 'started_at_ms'])
    .where('request_id', '=', fact.requestId)
    .executeTakeFirst();
  // Told before its exchange was booked, or long after: the fact itself says whose it is, and its id when it began.
  const customer = exchange?.customer ?? fact.customer;
  if (customer === undefined) return undefined;
  const startedAtMs = exchange?.started_at_ms ?? BigInt(idTimeMs(fact.requestId) ?? Math.round(fact.atMs));
  const terms = await trx
    .selectFrom('subscription')
    .innerJoin('plan_version', 'plan_version.id', 'subscription.plan_version_id')
    .select(['plan_version.id', 'plan_id', 'terms'])
    .where('customer_id', '=', customer)
    .where('valid_from_ms', '<=', startedAtMs)
    .where((where) => where.or([where('valid_to_ms', 'is', null), where('valid_to_ms', '>', startedAtMs)]))
    .executeTakeFirst();
  if (!terms) return undefined;
  const plan = readPlan({ name: terms.plan_id, versionId: terms.id, validFromMs: 0 }, terms.terms as PlanTerms);
  const job = fact.job ?? exchange?.job ?? '';
  const { kind, value } = fact;
  const chargeNanos = chargeOfOutcome(plan, { kind, job, ...(value !== undefined && { value }) });
  if (chargeNanos === undefined || chargeNanos === 0n) return undefined;
  const operationKey = `outcome/${operationOf(fact)}`;
  const row = await trx
    .insertInto('outcome_charge')
    .values({
      operation_key: operationKey,
      customer,
      request_id: fact.requestId,
      kind,
      job,
      plan_version: plan.versionId,
      at_ms: BigInt(fact.atMs),
      charge_nanos: chargeNanos,
    })
    .onConflict((conflict) => conflict.column('operation_key').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!row) return undefined;
  await postTransaction(trx, {
    kind: 'outcome',
    operationKey,
    sourceRef: `outcome/${fact.requestId}`,
    bookedAtMs: fact.atMs,
    customer,
    entries: [
      { ...customerAccount('accrued', customer), amountNanos: chargeNanos },
      { ...ownAccount('revenue'), amountNanos: -chargeNanos },
    ],
  });
  return chargeNanos;
}

/** One outcome of a kind per exchange, unless its teller says that they are different ones. */
function operationOf({ requestId, kind, idempotencyKey }: OutcomeFact): string {
  return createHash('sha256')
    .update(JSON.stringify([requestId, kind, idempotencyKey ?? '']))
    .digest('hex')
    .slice(0, 40);
}
