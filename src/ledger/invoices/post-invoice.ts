import type { Kysely } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import { customerAccount, ownAccount } from '../books/accounts.ts';
import { paymentEntries } from '../books/money-events.ts';
import { type NewEntry, postTransaction } from '../books/post-transaction.ts';
import { reverseTransaction } from '../books/reverse-transaction.ts';
import type { ComputedInvoice } from './compute-invoice.ts';

/** Which invoice is posted, and when it counts. */
export interface PostedInvoice {
  readonly id: string;
  readonly customer: string;
  readonly bookedAtMs: number;
}

/**
 * Posts an invoice: first what facts did not book (fees, settlements, commitments), so that all of it waits on
 * `accrued`; then the whole becomes owed, with taxes, and what rounding leaves.
 */
export async function postInvoice(
  executor: Kysely<Tables>,
  invoice: PostedInvoice,
  { lines, totals }: Pick<ComputedInvoice, 'lines' | 'totals'>,
): Promise<void> {
  const { customer } = invoice;
  const accrued = customerAccount('accrued', customer);
  const planNanos = lines.filter(({ isBooked }) => !isBooked).reduce((sum, { amountNanos }) => sum + amountNanos, 0n);
  await post(executor, invoice, {
    kind: 'plan',
    entries: [
      { ...accrued, amountNanos: planNanos },
      { ...ownAccount('revenue'), amountNanos: -planNanos },
    ],
  });
  await post(executor, invoice, {
    kind: 'invoice',
    entries: [
      { ...customerAccount('receivable', customer), amountNanos: totals.totalUsdNanos },
      { ...accrued, amountNanos: -totals.netUsdNanos },
      { ...ownAccount('tax'), amountNanos: -totals.taxUsdNanos },
      { ...ownAccount('rounding'), amountNanos: totals.netUsdNanos - totals.totalUsdNanos + totals.taxUsdNanos },
    ],
  });
}

/** Posts the payment of an invoice. */
export async function postPayment(
  executor: Kysely<Tables>,
  invoice: PostedInvoice,
  amountNanos: bigint,
): Promise<void> {
  await post(executor, invoice, { kind: 'payment', entries: paymentEntries(invoice.customer, amountNanos) });
}

/** Takes the postings of an invoice back, entry by entry. */
export async function reverseInvoice(executor: Kysely<Tables>, invoice: PostedInvoice): Promise<void> {
  for (const kind of ['invoice', 'plan'] as const) {
    const operationKey = operationKeyOf(invoice, kind);
    const posted = await executor
      .selectFrom('ledger_txn')
      .select('id')
      .where('op_key', '=', operationKey)
      .executeTakeFirst();
    if (!posted) continue;
    await reverseTransaction(executor, {
      txnId: posted.id,
      kind: 'reversal',
      operationKey: `${operationKey}/void`,
      sourceRef: `invoice/${invoice.id}`,
      bookedAtMs: invoice.bookedAtMs,
    });
  }
}

function operationKeyOf({ id }: PostedInvoice, kind: string): string {
  return `invoice/${id}/${kind}`;
}

async function post(
  executor: Kysely<Tables>,
  invoice: PostedInvoice,
  transaction: { readonly kind: 'plan' | 'invoice' | 'payment'; readonly entries: readonly NewEntry[] },
): Promise<void> {
  const entries = transaction.entries.filter(({ amountNanos }) => amountNanos !== 0n);
  if (entries.length === 0) return;
  await postTransaction(executor, {
    kind: transaction.kind,
    operationKey: operationKeyOf(invoice, transaction.kind),
    sourceRef: `invoice/${invoice.id}`,
    bookedAtMs: invoice.bookedAtMs,
    customer: invoice.customer,
    entries,
  });
}
