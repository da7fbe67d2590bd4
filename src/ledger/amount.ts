import { isStorableAmount } from '../domain/money/money.ts';
import { LedgerError } from './ledger-error.ts';

const amountPattern = /^(?:0|[1-9]\d{0,18})$/;
const largestDigits = 19;

/** Whether a value is an amount in nano-USD as facts carry it: not negative, and one that 64 bits hold. */
export function isAmountText(value: unknown): value is string {
  if (typeof value !== 'string' || !amountPattern.test(value)) return false;
  // Whatever has fewer digits than the largest amount is below it.
  return value.length < largestDigits || isStorableAmount(BigInt(value));
}

/** Refuses an amount that the database would have to wrap or round. */
export function checkAmount(amountNanos: bigint): bigint {
  if (!isStorableAmount(amountNanos)) {
    throw new LedgerError('out_of_range', `${amountNanos} nano-USD cannot be stored`);
  }
  return amountNanos;
}
