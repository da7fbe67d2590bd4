import type { FinalFact } from '../facts/facts.ts';

/** What an exchange earned: the one definition that console, ledger, exports and invoices use. null is unknown. */
export function marginNanos(chargeNanos: bigint | null, costNanos: bigint | null): bigint | null {
  return chargeNanos === null || costNanos === null ? null : chargeNanos - costNanos;
}

/** What a customer owes for an exchange: by plan, and without a plan what it cost. null is unknown, never 0. */
export function chargeOfFinal(final: Pick<FinalFact, 'chargeNanos' | 'costNanos' | 'absorbedNanos'>): bigint | null {
  if (final.chargeNanos !== undefined) return final.chargeNanos === null ? null : BigInt(final.chargeNanos);
  return final.costNanos === null ? null : BigInt(final.costNanos) - BigInt(final.absorbedNanos ?? '0');
}
