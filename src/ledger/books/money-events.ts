import { type AccountName, customerAccount, hostAccount, ownAccount } from './accounts.ts';
import type { NewEntry } from './post-transaction.ts';

/** Who pays a part of a charge: a grant, or the customer's account. */
export interface PaidPart {
  readonly kind: 'prepaid' | 'promo' | 'receivable';
  readonly grantId?: string | undefined;
  readonly amountNanos: bigint;
  /** The grant had expired and its rest was written off: this part comes back from there. */
  readonly fromBreakage?: boolean | undefined;
}

/** A customer paid in advance. */
export function topUpEntries(customer: string, amountNanos: bigint, grantId?: string): NewEntry[] {
  return pair(ownAccount('cash_clearing'), { ...customerAccount('prepaid', customer), grantId }, amountNanos);
}

/** A customer was given credit; what it burns is paid out of our own revenue. */
export function promoEntries(customer: string, amountNanos: bigint, grantId?: string): NewEntry[] {
  return pair(ownAccount('revenue'), { ...customerAccount('promo', customer), grantId }, amountNanos);
}

/** A customer used something: grants pay in the order given, the rest waits for an invoice. */
export function chargeEntries(customer: string, parts: readonly PaidPart[]): NewEntry[] {
  const paid = parts.filter(({ amountNanos }) => amountNanos !== 0n);
  const total = paid.reduce((sum, { amountNanos }) => sum + amountNanos, 0n);
  if (total === 0n && paid.length === 0) return [];
  const debits = paid.map((part) => ({ ...payingAccount(customer, part), amountNanos: part.amountNanos }));
  return total === 0n ? debits : [...debits, { ...ownAccount('revenue'), amountNanos: -total }];
}

/** A host worked for us; the part nobody is charged for is kept apart. */
export function costEntries(host: string, costNanos: bigint, absorbedNanos: bigint): NewEntry[] {
  const entries: NewEntry[] = [
    { ...hostAccount('cogs', host), amountNanos: costNanos - absorbedNanos },
    { ...ownAccount('absorbed'), amountNanos: absorbedNanos },
    { ...hostAccount('vendor_payable', host), amountNanos: -costNanos },
  ];
  return entries.filter(({ amountNanos }) => amountNanos !== 0n);
}

/** The rest of a grant is lost to its customer. */
export function expiryEntries(
  customer: string,
  grant: { readonly id: string; readonly kind: 'prepaid' | 'promo' },
  amountNanos: bigint,
): NewEntry[] {
  const from = { ...customerAccount(grant.kind, customer), grantId: grant.id };
  return pair(from, { ...ownAccount('breakage'), grantId: grant.id }, amountNanos);
}

/** A customer paid an invoice. */
export function paymentEntries(customer: string, amountNanos: bigint): NewEntry[] {
  return pair(ownAccount('cash_clearing'), customerAccount('receivable', customer), amountNanos);
}

type Side = AccountName & { readonly grantId?: string | undefined };

function pair(debit: Side, credit: Side, amountNanos: bigint): NewEntry[] {
  if (amountNanos === 0n) return [];
  return [
    { ...debit, amountNanos },
    { ...credit, amountNanos: -amountNanos },
  ];
}

function payingAccount(customer: string, part: PaidPart): Side {
  const { kind, grantId, fromBreakage } = part;
  if (fromBreakage === true) return { ...ownAccount('breakage'), grantId };
  if (kind === 'receivable') return customerAccount('accrued', customer);
  return { ...customerAccount(kind, customer), grantId };
}
