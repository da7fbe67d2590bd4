import { canonicalJson } from '../canonical-json.ts';
import type { InvoiceDocument } from '../invoice-document.ts';
import { renderCsv } from './render-csv.ts';

/** Forms of an invoice that people and programs can have. */
export type InvoiceForm = 'json' | 'csv' | 'pdf';

/** An invoice in one form. */
export interface RenderedInvoice {
  readonly mediaType: string;
  readonly fileName: string;
  readonly body: string | Uint8Array;
}

/** Renders a frozen document. JSON is the very text that was hashed. */
export async function renderInvoice(document: InvoiceDocument, form: InvoiceForm): Promise<RenderedInvoice> {
  const fileName = `${document.number}.${form}`;
  if (form === 'json') return { mediaType: 'application/json', fileName, body: canonicalJson(document) };
  if (form === 'csv') return { mediaType: 'text/csv; charset=utf-8', fileName, body: renderCsv(document) };
  // Only this form needs the library for it.
  const { renderPdf } = await import('./render-pdf.ts');
  return { mediaType: 'application/pdf', fileName, body: await renderPdf(document) };
}
