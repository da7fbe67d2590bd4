import type { ExchangeRate, Invoice, InvoiceHead } from '../../../sdk/index.ts';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { type Terminal, writeLine } from '../../shell/terminal.ts';
import {
  type Columns,
  jsonArgument,
  listArguments,
  time,
  usd,
  writeObject,
  writeRows,
} from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const id = { type: 'positional', required: true, description: 'Id of the invoice' } as const;
const columns: Columns<InvoiceHead> = {
  id: (invoice) => invoice.id,
  kind: (invoice) => invoice.kind,
  customer: (invoice) => invoice.customer,
  status: (invoice) => invoice.status,
  number: (invoice) => invoice.number ?? undefined,
  from: (invoice) => time(invoice.startMs),
  'net USD': (invoice) => usd(invoice.netNanos),
};
const lineColumns: Columns<Invoice['lines'][number]> = {
  what: (line) => line.description,
  units: (line) => line.units ?? undefined,
  unit: (line) => line.unit,
  amount: (line) => usd(line.amountNanos),
};

function write(terminal: Terminal, invoice: Invoice, json: boolean | undefined): void {
  const { lines, ...head } = invoice;
  if (json === true) return writeObject(terminal, invoice, true);
  writeObject(terminal, head, false);
  writeLine(terminal);
  writeRows(terminal, { data: lines }, { columns: lineColumns, json: false });
}

/**
 * Lists invoices and credit notes.
 *
 * @example
 * switchyard invoices list --customer acme
 */
export const invoicesListCommand = defineCommand({
  description: 'List invoices and credit notes, newest first',
  args: { customer: { type: 'string', description: 'Only those of this customer' }, ...shared, ...listArguments },
  async run(args, terminal) {
    const { customer, cursor } = args;
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).invoices.list({ limit, cursor, customer });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Shows an invoice with its lines.
 *
 * @example
 * switchyard invoices show inv_0198…
 */
export const invoicesShowCommand = defineCommand({
  description: 'Show an invoice or credit note with its lines',
  args: { id, ...shared },
  async run(args, terminal) {
    write(terminal, await connect(args, terminal).invoices.get(args.id), args.json);
    return exitCodes.ok;
  },
});

/**
 * Drafts the invoice of a month.
 *
 * @example
 * switchyard invoices draft acme --month 2026-11 --tax VAT=19 --exchange EUR=0.92@2026-11-30 --rate-source ECB
 */
export const invoicesDraftCommand = defineCommand({
  description: "Make the draft of a customer's month, or compute the present one again",
  args: {
    customer: { type: 'positional', required: true, description: 'Id of the customer' },
    month: { type: 'string', required: true, description: 'Such as 2026-11' },
    tax: { type: 'string', description: 'NAME=PERCENT, such as VAT=19' },
    exchange: { type: 'string', description: 'For another currency than USD: CURRENCY=RATE@DAY, EUR=0.92@2026-11-30' },
    'rate-source': { type: 'string', description: 'Whose exchange rate that is; stands on the invoice' },
    ...shared,
  },
  async run(args, terminal) {
    const [, year, month] = /^(\d{4})-(\d{2})$/.exec(args.month) ?? [];
    if (year === undefined || month === undefined) throw usageError('--month must look like 2026-11');
    const [name, percent] = args.tax?.split('=', 2) ?? [];
    if (args.tax !== undefined && !percent) throw usageError('--tax must look like VAT=19');
    const taxes = name !== undefined && percent !== undefined ? [{ name, percent }] : undefined;
    const exchange = readExchange(args.exchange, args['rate-source']);
    const wanted = { customer: args.customer, year: Number(year), month: Number(month), taxes, exchange };
    write(terminal, await connect(args, terminal).invoices.draft(wanted), args.json);
    return exitCodes.ok;
  },
});

function readExchange(text: string | undefined, source: string | undefined): ExchangeRate | undefined {
  if (text === undefined) return undefined;
  const [, currency, rate, rateDate] = /^([A-Z]{3})=([0-9.]+)@([0-9-]+)$/.exec(text) ?? [];
  if (currency === undefined || rate === undefined || rateDate === undefined)
    throw usageError('--exchange must look like EUR=0.92@2026-11-30');
  if (source === undefined) throw usageError('--exchange needs --rate-source, such as ECB');
  return { currency, rate, rateDate, source };
}

/**
 * Closes an invoice for good.
 *
 * @example
 * switchyard invoices finalise inv_0198…
 */
export const invoicesFinaliseCommand = defineCommand({
  description: 'Number, freeze, hash and post a draft',
  args: {
    id,
    'accept-unpriced': { type: 'boolean', description: 'Although the charge of some requests is unknown' },
    ...shared,
  },
  async run(args, terminal) {
    const acceptUnpriced = args['accept-unpriced'] === true;
    write(terminal, await connect(args, terminal).invoices.finalise(args.id, { acceptUnpriced }), args.json);
    return exitCodes.ok;
  },
});

/**
 * Takes a finalised invoice back.
 *
 * @example
 * switchyard invoices void inv_0198… --reason "wrong address"
 */
export const invoicesVoidCommand = defineCommand({
  description: 'Take a finalised invoice back by a credit note, which is shown',
  args: { id, reason: { type: 'string', required: true, description: 'Printed on the credit note' }, ...shared },
  async run(args, terminal) {
    write(terminal, await connect(args, terminal).invoices.void(args.id, { reason: args.reason }), args.json);
    return exitCodes.ok;
  },
});

/**
 * Writes the invoices of a month as FOCUS 1.2.
 *
 * @example
 * switchyard invoices export --month 2026-11 > focus.csv
 */
export const invoicesExportCommand = defineCommand({
  description: 'Write the finalised invoices of a month as FOCUS 1.2, CSV to stdout',
  args: {
    month: { type: 'string', required: true, description: 'Such as 2026-11' },
    customer: { type: 'string', description: 'Only those of this customer' },
    ...connectionArguments,
  },
  async run(args, terminal) {
    terminal.write(await connect(args, terminal).invoices.focus({ month: args.month, customer: args.customer }));
    return exitCodes.ok;
  },
});
