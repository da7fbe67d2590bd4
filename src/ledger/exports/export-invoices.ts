import type { Kysely } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import type { InvoiceDocument } from '../invoices/invoice-document.ts';
import { minorDigitsOf } from '../invoices/invoice-totals.ts';
import { meterEventId } from './meter-events.ts';
import { enqueueAll, type OutboxMessage } from './outbox.ts';

/**
 * Puts a closed invoice or credit note out to who collects for it, in the transaction that closes it: its rounded net as
 * one amount and each tax as another, so that what is collected is what the document says, to the last cent.
 */
export async function exportInvoice(trx: Kysely<Tables>, document: InvoiceDocument): Promise<void> {
  const rows = await trx
    .selectFrom('export_sink')
    .select(['name', 'customers'])
    .where('invoice_items', '=', true)
    .orderBy('name')
    .execute();
  const sinks = rows.filter(({ customers }) => (customers as string[] | null)?.includes(document.customer.id) ?? true);
  await enqueueAll(
    trx,
    sinks.flatMap(({ name }) => itemsOf(name, document)),
  );
}

function itemsOf(sink: string, document: InvoiceDocument): OutboxMessage[] {
  const { number, credits, reason, period, currency, customer } = document;
  const about = credits === undefined ? `${period.from} to ${period.until}` : `takes back ${credits}: ${reason ?? ''}`;
  const amounts = [
    { name: 'net', nanos: BigInt(document.roundedNanos), description: `${number}, ${about}` },
    ...document.taxes.map((tax) => ({
      name: tax.name,
      nanos: BigInt(tax.amountNanos),
      description: `${number}, ${tax.name}`,
    })),
  ];
  const minorNanos = 10n ** BigInt(9 - minorDigitsOf(currency));
  return amounts.flatMap(({ name, nanos, description }, index) =>
    nanos === 0n
      ? []
      : [
          {
            sink,
            eventId: meterEventId(document.id, index, `invoice/${name}`),
            kind: 'invoice_item',
            occurredAtMs: Date.parse(`${document.issuedOn}T00:00:00Z`),
            payload: {
              customer: customer.id,
              amountMinor: (nanos / minorNanos).toString(),
              currency,
              description,
              document: number,
            },
          },
        ],
  );
}
