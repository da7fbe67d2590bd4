import { sql } from 'kysely';
import type { JournalPosition } from '../../../journal/index.ts';
import type { Executor } from '../../books/post-transaction.ts';
import type { Booking } from '../books/booking.ts';
import { cleanLabel } from '../facts/clean-label.ts';
import type { MoneyFact } from '../facts/read-fact.ts';

/** Why a fact is kept apart. */
export type QuarantineReason =
  /** It is no JSON, or lacks what money needs. */
  | 'unreadable'
  | 'malformed'
  /** A newer program wrote it. */
  | 'newer_version'
  /** It contradicts an earlier fact, which stays. */
  | 'conflict'
  /** Its price gives another cost: the amount is held back. */
  | 'rating_difference'
  /** The sum over attempts is not what the exchange says; the attempts are booked. */
  | 'cost_difference'
  /** Its exchange is so old that nobody knows whether it was booked. */
  | 'stale'
  /** The database refuses its values. */
  | 'refused';

/** A fact to keep apart, whole. */
export interface QuarantinedFact {
  readonly position: JournalPosition;
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly requestId: string;
  readonly factType: string;
  readonly body: Buffer;
  /** Amounts that ledger and rollups lack because of it. */
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
}

/** One fact set apart; its amounts are booked or belong to another fact. */
export function ofFact(
  { fact, position }: { readonly fact: MoneyFact; readonly position: JournalPosition },
  flaw: Pick<QuarantinedFact, 'reason' | 'detail'>,
): QuarantinedFact {
  const body = Buffer.from(JSON.stringify(fact), 'utf8');
  return { position, requestId: fact.requestId, factType: fact.type, body, costNanos: 0n, chargeNanos: 0n, ...flaw };
}

/** An exchange set apart with all its facts. */
export function ofBooking(booking: Booking, flaw: Pick<QuarantinedFact, 'reason' | 'detail'>): QuarantinedFact {
  const facts = [...booking.attempts.flatMap(({ fact }) => fact ?? []), ...(booking.final ? [booking.final] : [])];
  return {
    position: booking.position,
    requestId: booking.requestId,
    factType: 'final',
    body: Buffer.from(JSON.stringify(facts), 'utf8'),
    costNanos: 0n,
    chargeNanos: 0n,
    ...flaw,
  };
}

/** Writes what is kept apart; the same fact for the same reason only once. */
export async function saveQuarantined(
  executor: Executor,
  gatewayId: string,
  facts: readonly QuarantinedFact[],
): Promise<void> {
  for (const fact of facts) {
    await sql`
      INSERT INTO quarantine (gateway_id, segment, byte_offset, reason, detail, request_id, fact_type, body, cost_nanos,
        charge_nanos)
      VALUES (${gatewayId}, ${fact.position.segment}, ${fact.position.offset}, ${fact.reason},
        ${cleanLabel(fact.detail)}, ${cleanLabel(fact.requestId)}, ${fact.factType}, ${fact.body},
        ${fact.costNanos}, ${fact.chargeNanos})
      ON CONFLICT DO NOTHING`.execute(executor);
  }
}
