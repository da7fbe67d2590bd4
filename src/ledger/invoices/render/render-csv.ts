import { csvLine } from '../../csv.ts';
import type { InvoiceDocument } from '../invoice-document.ts';
import { formatDecimal } from './format-amount.ts';

const header = [
  'document',
  'kind',
  'description',
  'covers_from',
  'covers_until',
  'plan_version',
  'units',
  'unit',
  'amount',
  'currency',
  'amount_nanos',
  'segments_sha256',
];

/** An invoice as a table: its lines in USD, then what they add up to in its own currency. */
export function renderCsv(document: InvoiceDocument): string {
  const rows = document.lines.map((line) => [
    document.number,
    line.kind,
    line.description,
    line.coversFrom,
    line.coversUntil,
    line.planVersion,
    line.units,
    line.unit,
    formatDecimal(BigInt(line.amountNanos)),
    'USD',
    line.amountNanos,
    line.segmentsSha256,
  ]);
  const sums: [string, string, string, string][] = [
    ['net', 'Net, exact', document.netUsdNanos, 'USD'],
    ['carry_in', 'Remainder of earlier invoices', document.carryInUsdNanos, 'USD'],
    ['rounded', 'Net, rounded', document.roundedNanos, document.currency],
    ...document.taxes.map((tax): [string, string, string, string] => [
      'tax',
      tax.name,
      tax.amountNanos,
      document.currency,
    ]),
    ['total', 'Total', document.totalNanos, document.currency],
    ['carry_out', 'Remainder for the next invoice', document.carryOutUsdNanos, 'USD'],
  ];
  for (const [kind, description, nanos, currency] of sums) {
    const { from, until } = document.period;
    const amount = formatDecimal(BigInt(nanos));
    rows.push([document.number, kind, description, from, until, '', '', '', amount, currency, nanos, '']);
  }
  return [header, ...rows].map(csvLine).join('');
}
