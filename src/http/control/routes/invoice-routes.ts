import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import { type Invoice, InvoiceBook, renderInvoice } from '../../../ledger/index.ts';
import { pageRequest } from '../framework/pages.ts';
import { toPage } from '../framework/cursor.ts';
import { name, nanosAsText, pageFields, pageOf, text } from '../framework/fields.ts';
import { readers } from '../framework/principal.ts';
import { type Call, type ControlRoute, route } from '../framework/route.ts';
import type { TenantDeps } from './tenant-deps.ts';

const status = z.enum(['draft', 'finalised', 'paid', 'void']);
const head = {
  id: z.string(),
  kind: z.enum(['invoice', 'credit_note']),
  customer: z.string(),
  status,
  number: z.string().nullable().meta({ description: 'Without gaps; null while a draft.' }),
  currency: z.string(),
  startMs: z.number(),
  endMs: z.number(),
  netNanos: nanosAsText.meta({ description: 'In USD, exact.' }),
  totalNanos: nanosAsText.meta({ description: "In the invoice's currency, with taxes, rounded once." }),
  sha256: z.string().nullable().meta({ description: 'Of the frozen document.' }),
};
const exchange = z
  .strictObject({
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency such as EUR'),
    rate: z.string().regex(/^(?=.*[1-9])[0-9]{1,9}(\.[0-9]{1,12})?$/, 'must be a rate above 0 such as 0.92'),
    rateDate: z.iso.date(),
    source: text(128),
  })
  .meta({ description: 'For customers billed in another currency: units of it for one USD, of which day, and whose.' });
const listed = z.object(head).meta({ id: 'InvoiceHead' });
const line = z.object({
  kind: z.string(),
  description: z.string(),
  units: z.bigint().nullable(),
  unit: z.string(),
  amountNanos: nanosAsText,
});
const invoice = z.object({ ...head, lines: z.array(line) }).meta({ id: 'Invoice' });

const params = z.strictObject({
  invoiceId: z.string().regex(/^(inv|crn)_[0-9a-f]{32}$/, 'must be the id of an invoice or credit note'),
});
const change = { tag: 'invoices', roles: ['owner', 'finance'], scope: 'organisation' } as const;

/** Routes about invoices and credit notes. */
export function invoiceRoutes(deps: TenantDeps): ControlRoute[] {
  return [list(deps), draft(deps), get(deps), finalise(deps), pay(deps), takeBack(deps), render(deps)];
}

function bookOf({ clock, newId }: TenantDeps, { database }: Call): InvoiceBook {
  return new InvoiceBook({ database, clock, createId: newId });
}

async function find(book: InvoiceBook, id: string): Promise<Invoice> {
  const found = await book.find(id);
  if (found) return found;
  throw new Fault('not_found', { message: `There is no invoice ${id}.` });
}

function list(deps: TenantDeps): ControlRoute {
  return route({
    operationId: 'listInvoices',
    method: 'get',
    path: '/invoices',
    tag: 'invoices',
    summary: 'Invoices and credit notes, newest first.',
    roles: readers,
    scope: 'query',
    query: z.strictObject({ ...pageFields, customer: name.optional(), status: status.optional() }),
    answer: pageOf(listed),
    async handle({ query }, call) {
      const { limit, after } = pageRequest(query);
      const { customer, status: wanted } = query;
      const rows = await bookOf(deps, call).list({ customer, status: wanted, after, limit: limit + 1 });
      return toPage(rows.map(toHead), limit, ({ id }) => [id]);
    },
  });
}

function get(deps: TenantDeps): ControlRoute {
  return route({
    operationId: 'getInvoice',
    method: 'get',
    path: '/invoices/{invoiceId}',
    tag: 'invoices',
    summary: 'An invoice or credit note with its lines.',
    roles: readers,
    scope: 'answer',
    params,
    answer: invoice,
    ownerOf: ({ customer }) => customer,
    handle: async ({ params: { invoiceId } }, call) => toInvoice(await find(bookOf(deps, call), invoiceId)),
  });
}

function draft(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'draftInvoice',
    method: 'post',
    path: '/invoices',
    summary: "Makes the draft of a customer's month, or computes the present one again.",
    status: 201,
    audit: 'invoice.draft',
    body: z.strictObject({
      customer: name,
      year: z.int().min(2000).max(9999),
      month: z.int().min(1).max(12),
      taxes: z
        .array(
          z.strictObject({
            name: text(64),
            percent: z.string().regex(/^[0-9]{1,3}(\.[0-9]{1,4})?$/, 'must be a percentage such as 19 or 7.7'),
          }),
        )
        .max(10)
        .optional(),
      exchange: exchange.optional(),
      dueDays: z.int().min(0).max(365).optional(),
    }),
    answer: invoice,
    async handle({ body: { customer, year, month, ...settings } }, call) {
      const drafted = await bookOf(deps, call).draft({ customer, year, month, settings });
      call.audited({ id: drafted.row.id, customerId: customer, after: toHead(drafted.row) });
      return toInvoice(drafted);
    },
  });
}

function finalise(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'finaliseInvoice',
    method: 'post',
    path: '/invoices/{invoiceId}/finalise',
    summary: 'Numbers, freezes, hashes and posts a draft.',
    audit: 'invoice.finalise',
    params,
    body: z.strictObject({
      acceptUnpriced: z
        .boolean()
        .default(false)
        .meta({ description: 'Although the charge of some requests is unknown.' }),
    }),
    answer: invoice,
    async handle({ params: { invoiceId }, body }, call) {
      const book = bookOf(deps, call);
      await find(book, invoiceId);
      return changed(await book.finalise(invoiceId, body), call);
    },
  });
}

function pay(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'payInvoice',
    method: 'post',
    path: '/invoices/{invoiceId}/pay',
    summary: 'Records that an invoice was paid; telling it again changes nothing.',
    audit: 'invoice.pay',
    params,
    body: z.strictObject({ reference: text(128) }),
    answer: invoice,
    async handle({ params: { invoiceId }, body: { reference } }, call) {
      const book = bookOf(deps, call);
      await find(book, invoiceId);
      return changed(await book.pay(invoiceId, reference), call);
    },
  });
}

function takeBack(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'voidInvoice',
    method: 'post',
    path: '/invoices/{invoiceId}/void',
    summary: 'Takes a finalised invoice back by a credit note, which is answered.',
    audit: 'invoice.void',
    params,
    body: z.strictObject({ reason: text(500) }),
    answer: invoice,
    async handle({ params: { invoiceId }, body: { reason } }, call) {
      const book = bookOf(deps, call);
      await find(book, invoiceId);
      return changed(await book.void(invoiceId, reason), call);
    },
  });
}

function render(deps: TenantDeps): ControlRoute {
  return route({
    operationId: 'renderInvoice',
    method: 'get',
    path: '/invoices/{invoiceId}/document',
    tag: 'invoices',
    summary: 'The frozen document as PDF, CSV or JSON.',
    roles: readers,
    scope: 'answer',
    files: ['application/pdf', 'text/csv', 'application/json'],
    params,
    query: z.strictObject({ format: z.enum(['pdf', 'csv', 'json']).default('pdf') }),
    answer: z.object({ customer: z.string() }),
    ownerOf: ({ customer }) => customer,
    async handle({ params: { invoiceId }, query: { format } }, call) {
      const { row, document } = await find(bookOf(deps, call), invoiceId);
      if (document === undefined)
        throw new Fault('conflict', { message: 'A draft has no document; finalise it first.' });
      const { mediaType, fileName, body } = await renderInvoice(document, format);
      return { contentType: mediaType, fileName, content: body, ownerId: row.customer };
    },
  });
}

function changed(after: Invoice, { audited }: Call): z.input<typeof invoice> {
  audited({ id: after.row.id, customerId: after.row.customer, after: toHead(after.row) });
  return toInvoice(after);
}

function toHead(row: Invoice['row']): z.input<typeof listed> {
  return {
    id: row.id,
    kind: row.kind,
    customer: row.customer,
    status: row.status,
    number: row.number === null ? null : String(row.number),
    currency: row.currency,
    startMs: Number(row.start_ms),
    endMs: Number(row.end_ms),
    netNanos: row.net_nanos,
    totalNanos: row.total_nanos,
    sha256: row.document_sha256,
  };
}

function toInvoice({ row, lines }: Invoice): z.input<typeof invoice> {
  return {
    ...toHead(row),
    lines: lines.map(({ kind, description, units, unit, amountNanos }) => ({
      kind,
      description,
      units,
      unit,
      amountNanos,
    })),
  };
}
