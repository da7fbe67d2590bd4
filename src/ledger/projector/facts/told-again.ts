import type { BookedAttempt, Booking, ExchangeDimensions } from '../books/booking.ts';
import { attemptOfMark } from '../exchanges/pending-exchange.ts';
import type { KnownExchange } from '../exchanges/recent-exchanges.ts';

/** An attempt of an exchange that was booked without it. */
export interface LateAttempt {
  readonly known: KnownExchange;
  readonly attempt: BookedAttempt;
  readonly mark: bigint;
}

/** What another telling of a booked exchange comes to. */
export interface ToldAgain {
  readonly late: readonly LateAttempt[];
  /** How it differs from what was booked, which stays. */
  readonly contradictions: readonly string[];
}

/**
 * Compares another telling of an exchange with what was booked. The end tells the cost of all attempts, so an attempt
 * that comes later adds cost only where the end did not know it.
 */
export function compareTold(
  known: KnownExchange,
  told: { readonly attempts: readonly BookedAttempt[]; readonly marks: readonly bigint[]; readonly digest?: number },
): ToldAgain {
  const contradictions: string[] = [];
  const late: LateAttempt[] = [];
  if (told.digest !== undefined && BigInt(told.digest) !== known.digest) {
    contradictions.push('the exchange was booked before with another end');
  }
  const booked = new Map(known.attempt_digests.map((mark) => [attemptOfMark(mark), mark]));
  for (const mark of told.marks) {
    const number = attemptOfMark(mark);
    const before = booked.get(number);
    if (before === undefined) {
      const attempt = told.attempts.find((candidate) => candidate.attempt === number);
      if (attempt) late.push({ known, attempt, mark });
    } else if (before !== mark) contradictions.push(`attempt ${number} was booked before with other figures`);
  }
  return { late, contradictions };
}

/** Dimensions of a booked exchange; labels are bounded already where it matters. */
export function dimensionsOfKnown(known: KnownExchange): ExchangeDimensions {
  return {
    customer: known.customer,
    key: known.key_name,
    job: known.job,
    model: known.model,
    host: known.host,
    upstreamModel: known.upstream_model,
    endUser: known.end_user,
    feature: known.feature,
    project: known.project,
  };
}

/** A late attempt as it adds to the books: its cost only if the end of its exchange did not tell the sum. */
export function lateUse({ known, attempt }: LateAttempt): BookedAttempt {
  return known.cost_nanos === null ? attempt : { ...attempt, costNanos: 0n, wasteNanos: 0n };
}

/** Whether a booking was made of a final, whose digest is comparable. */
export function toldDigest(booking: Booking): number | undefined {
  return booking.digest === 0 ? undefined : booking.digest;
}
