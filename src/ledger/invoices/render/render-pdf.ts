import { parseDay } from '../../../domain/money/periods.ts';
import type { InvoiceDocument } from '../invoice-document.ts';
import { formatAmount, formatDecimal, formatPercent } from './format-amount.ts';
import { type PdfColumn, PdfWriter } from './pdf-table.ts';

const dayMs = 86_400_000;
const columns: readonly PdfColumn[] = [
  { title: 'Description', x: 48, width: 250, align: 'left' },
  { title: 'Plan', x: 298, width: 80, align: 'left' },
  { title: 'Units', x: 378, width: 85, align: 'right' },
  { title: 'USD', x: 463, width: 84, align: 'right' },
];

/** An invoice as PDF. The same document gives the same bytes. */
export async function renderPdf(document: InvoiceDocument): Promise<Uint8Array> {
  const { PDFDocument, StandardFonts } = await import('@cantoo/pdf-lib');
  const pdf = await PDFDocument.create({ updateMetadata: false });
  const issued = new Date((parseDay(document.issuedOn) ?? 0) * dayMs);
  pdf.setTitle(`${titleOf(document)} ${document.number}`);
  pdf.setProducer('Switchyard');
  pdf.setCreationDate(issued);
  pdf.setModificationDate(issued);
  const regular = await pdf.embedFont(StandardFonts.Helvetica);
  const writer = new PdfWriter(pdf, { regular, bold: await pdf.embedFont(StandardFonts.HelveticaBold) });
  writeHead(writer, document);
  writeLines(writer, document);
  writeSums(writer, document);
  if (!writer.isComplete) {
    writer.space();
    writer.write(
      'Some characters cannot be drawn in this file and stand as "?". The JSON and CSV forms have them all.',
    );
  }
  writer.finish(`${document.organisation.name}, ${document.number}, customer ${document.customer.id}`);
  return pdf.save({ useObjectStreams: false });
}

function writeHead(writer: PdfWriter, document: InvoiceDocument): void {
  const { customer, period } = document;
  writer.write(document.organisation.name);
  writer.space();
  writer.write(`${titleOf(document)} ${document.number}`, { size: 18, isBold: true });
  if (document.credits !== undefined) writer.write(`Takes back ${document.credits}: ${document.reason ?? ''}`);
  writer.space(6);
  writer.write(customer.displayName, { isBold: true });
  writer.write(`Customer ${customer.id}`);
  for (const [name, value] of Object.entries(customer.billing)) writer.write(`${name}: ${value}`);
  writer.space(6);
  writer.write(`Period ${period.from} until ${period.until} (${period.timeZone}), the last day excluded`);
  writer.write(`Issued ${document.issuedOn}, due ${document.dueOn}`);
  writer.space();
}

function writeLines(writer: PdfWriter, document: InvoiceDocument): void {
  writer.startTable(columns);
  for (const line of document.lines) {
    const units = line.units === null ? '' : `${line.units} ${line.unit}`;
    writer.row([line.description, line.planVersion, units, formatDecimal(BigInt(line.amountNanos), 2)]);
  }
  if (document.lines.length === 0) writer.row(['Nothing was used.', '', '', '0.00']);
}

function writeSums(writer: PdfWriter, document: InvoiceDocument): void {
  const { exchange, currency } = document;
  writer.space(6);
  writer.row(['Net, exact', '', '', formatDecimal(BigInt(document.netUsdNanos), 2)]);
  if (document.carryInUsdNanos !== '0') {
    writer.row(['Remainder of earlier invoices', '', '', formatDecimal(BigInt(document.carryInUsdNanos), 2)]);
  }
  writer.endTable();
  writer.space(6);
  if (exchange) writer.write(`1 USD = ${exchange.rate} ${currency} on ${exchange.rateDate} (${exchange.source})`);
  writer.write(`Net, rounded: ${formatAmount(BigInt(document.roundedNanos), currency)}`);
  for (const { name, ratePpm, amountNanos } of document.taxes) {
    writer.write(`${name} ${formatPercent(BigInt(ratePpm))} %: ${formatAmount(BigInt(amountNanos), currency)}`);
  }
  writer.space(4);
  writer.write(`Total: ${formatAmount(BigInt(document.totalNanos), currency)}`, { size: 13, isBold: true });
  if (document.carryOutUsdNanos !== '0') {
    const carry = formatDecimal(BigInt(document.carryOutUsdNanos), 2);
    writer.write(`USD ${carry} are carried to the next invoice.`);
  }
  if (document.unpricedRequests !== '0') {
    writer.write(`The charge of ${document.unpricedRequests} requests is not known yet; they follow as an adjustment.`);
  }
}

function titleOf(document: InvoiceDocument): string {
  return document.kind === 'invoice' ? 'Invoice' : 'Credit note';
}
