import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import { exportFocus, InvoiceBook } from '../../../ledger/index.ts';
import { name } from '../framework/fields.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import type { TenantDeps } from './tenant-deps.ts';

const instant = z
  .string()
  .regex(/^[0-9]{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11')
  .meta({ examples: ['2026-11'] });
const maxInvoices = 1000;

/** Routes that write invoices in the form that cost tools read. */
export function invoiceExportRoutes({ clock, newId }: TenantDeps): ControlRoute[] {
  return [
    route({
      operationId: 'exportFocus',
      method: 'get',
      path: '/exports/focus',
      tag: 'invoices',
      summary: 'Finalised invoices and credit notes of a month as FOCUS 1.2, one row per charge, as CSV.',
      roles: ['owner', 'finance'],
      scope: 'organisation',
      files: ['text/csv'],
      query: z.strictObject({ month: instant, customer: name.optional() }),
      answer: z.object({ customer: z.string() }),
      async handle({ query: { month, customer } }, { database }) {
        const book = new InvoiceBook({ database, clock, createId: newId });
        const rows = await book.list({ customer, limit: maxInvoices });
        // A month begins in the customer's zone, at most a day from its first instant in UTC.
        const startMs = Date.parse(`${month}-01T00:00:00Z`);
        const ids = rows
          .filter((row) => row.status !== 'draft' && Math.abs(Number(row.start_ms) - startMs) <= 86_400_000)
          .map(({ id }) => id);
        if (ids.length === 0) {
          throw new Fault('not_found', { message: `No invoice of ${month} is finalised yet.` });
        }
        const content = await exportFocus(database, ids.toReversed());
        const fileName = `focus-${month}${customer === undefined ? '' : `-${customer}`}.csv`;
        return { contentType: 'text/csv; charset=utf-8', fileName, content, ownerId: customer };
      },
    }),
  ];
}
