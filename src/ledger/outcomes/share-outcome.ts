import { sql, type Transaction } from 'kysely';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { outcomeIdentity, outcomesChannel } from '../../domain/outcomes/outcome-identity.ts';
import type { Tables } from '../../storage/index.ts';

/**
 * Puts an outcome where every gateway reads it, in the transaction of the projection: it is shared exactly when the
 * journal says that it is projected, also after a crash.
 */
export async function shareOutcome(trx: Transaction<Tables>, fact: OutcomeFact): Promise<void> {
  await trx
    .insertInto('routing_outcome')
    .values({
      outcome_id: outcomeIdentity(fact),
      at_ms: BigInt(Math.round(fact.receivedAtMs ?? fact.atMs)),
      fact: JSON.stringify(fact),
    })
    .onConflict((conflict) => conflict.column('outcome_id').doNothing())
    .execute();
  // Delivered with the commit.
  await sql`SELECT pg_notify(${outcomesChannel}, '')`.execute(trx);
}
