import { parseDay, startOfLocalDay } from '../../domain/money/periods.ts';
import { apportion } from '../../domain/charges/proration.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import { csvLine } from '../csv.ts';
import type { DocumentLine, InvoiceDocument } from '../invoices/invoice-document.ts';
import { formatDecimal } from '../invoices/render/format-amount.ts';
import { focusCells, focusColumns, type FocusRow } from './focus-columns.ts';

/** What one line of an invoice consists of: use of a model for a job, by local day, host and bucket. */
export interface UseDetail {
  readonly day: number;
  readonly host: string;
  readonly model: string;
  readonly job: string;
  readonly chargeNanos: bigint;
  readonly isEstimated: boolean;
  readonly units: { readonly [Bucket in UsageBucket]?: bigint };
}

/** What the rows of an invoice are written from. */
export interface FocusInput {
  readonly document: InvoiceDocument;
  readonly details: readonly UseDetail[];
  /** Weighs the buckets of a row when its charge is divided among them; by units when absent. */
  readonly weightOf?: (detail: UseDetail, bucket: UsageBucket) => bigint;
}

const serviceCategory = 'AI and Machine Learning';
const categories: { readonly [kind: string]: string } = {
  usage: 'Usage',
  meter: 'Usage',
  outcomes: 'Usage',
  base_fee: 'Purchase',
  seats: 'Purchase',
  commitment: 'Purchase',
  prepaid: 'Credit',
  credit: 'Credit',
};

/** Rows of FOCUS 1.2 for an invoice. Their BilledCost adds up to its exact net; taxes and rounding are not in them. */
function* focusRows(input: FocusInput): Generator<FocusRow> {
  for (const line of input.document.lines) {
    const details = line.kind === 'usage' ? detailsOf(line, input.details) : [];
    if (details.length === 0) yield lineRow(input.document, line);
    else yield* detailRows(input, line, details);
  }
}

/** The file, a piece at a time. */
export function* focusCsv(inputs: Iterable<FocusInput>): Generator<string> {
  yield csvLine(focusColumns);
  for (const input of inputs) for (const row of focusRows(input)) yield csvLine(focusCells(row));
}

/** The model and job of a usage line stand at the end of its key. */
function detailsOf(line: DocumentLine, details: readonly UseDetail[]): readonly UseDetail[] {
  const place = line.key.slice(line.key.indexOf('/usage/') + '/usage/'.length);
  const start = parseDay(line.coversFrom) ?? 0;
  const end = parseDay(line.coversUntil) ?? 0;
  return details.filter(({ model, job, day }) => day >= start && day < end && place === JSON.stringify([model, job]));
}

function* detailRows(
  { document, weightOf }: FocusInput,
  line: DocumentLine,
  details: readonly UseDetail[],
): Generator<FocusRow> {
  const parts = details.flatMap((detail) => {
    const buckets = Object.entries(detail.units).filter(([, units]) => (units ?? 0n) > 0n) as [UsageBucket, bigint][];
    const counted: readonly [UsageBucket | '', bigint][] = buckets.length > 0 ? buckets : [['', 0n]];
    const weights = counted.map(([bucket, units]) => (bucket === '' ? 1n : (weightOf?.(detail, bucket) ?? 1n) * units));
    const charges = apportion(
      detail.chargeNanos,
      weights.some((weight) => weight > 0n) ? weights : weights.map(() => 1n),
    );
    return counted.map(([bucket, units], index) => ({ detail, bucket, units, chargeNanos: charges[index] ?? 0n }));
  });
  // The line is what was billed; use that came in later is on another invoice.
  const isExact = parts.reduce((sum, { chargeNanos }) => sum + chargeNanos, 0n) === BigInt(line.amountNanos);
  const weights = parts.map(({ chargeNanos }) => (chargeNanos > 0n ? chargeNanos : 0n));
  const hasWeight = weights.some((weight) => weight > 0n);
  const billed = isExact
    ? parts.map(({ chargeNanos }) => chargeNanos)
    : apportion(BigInt(line.amountNanos), hasWeight ? weights : weights.map(() => 1n));
  for (const [index, { detail, bucket, units }] of parts.entries()) {
    const { timeZone } = document.period;
    yield {
      ...costs(billed[index] ?? 0n),
      ...common(document, line),
      ChargePeriodStart: instant(startOfLocalDay(detail.day, timeZone)),
      ChargePeriodEnd: instant(startOfLocalDay(detail.day + 1, timeZone)),
      ConsumedQuantity: bucket === '' ? null : units,
      ConsumedUnit: bucket === '' ? null : 'Units',
      PricingQuantity: bucket === '' ? null : formatDecimal(units * 1000n),
      PricingUnit: bucket === '' ? null : '1000000 Units',
      PricingCategory: 'Standard',
      ResourceId: detail.host === '' ? null : `${detail.host}/${detail.model}`,
      ResourceName: detail.model,
      ResourceType: 'Model endpoint',
      SkuId: detail.model,
      SkuMeter: bucket === '' ? null : bucket,
      SkuPriceId: line.planVersion,
      Tags: JSON.stringify({ host: detail.host, job: detail.job }),
      x_job: detail.job,
      x_bucket: bucket,
      x_estimated: detail.isEstimated,
    };
  }
}

function lineRow(document: InvoiceDocument, line: DocumentLine): FocusRow {
  const { timeZone } = document.period;
  return {
    ...costs(BigInt(line.amountNanos)),
    ...common(document, line),
    ChargePeriodStart: instant(startOfLocalDay(parseDay(line.coversFrom) ?? 0, timeZone)),
    ChargePeriodEnd: instant(startOfLocalDay(parseDay(line.coversUntil) ?? 0, timeZone)),
    ...(isCorrection(document, line) && correctedUse(line)),
    x_estimated: false,
  };
}

/** What is billed differently than before: late facts and corrections of a closed period, or an invoice taken back. */
function isCorrection(document: InvoiceDocument, line: DocumentLine): boolean {
  return document.kind === 'credit_note' || line.kind === 'adjustment' || line.kind === 'settlement';
}

/** What a line is for, whatever became of it since: the last part of its key. */
function subjectOf({ key, coversFrom }: DocumentLine): string {
  const mark = `/${parseDay(coversFrom) ?? 0}/`;
  const at = key.indexOf(mark);
  return at < 0 ? key : key.slice(at + mark.length);
}

/** The use that a correction is about, with the units by which it differs. */
function correctedUse(line: DocumentLine): FocusRow {
  const subject = subjectOf(line);
  if (!subject.startsWith('usage/')) return {};
  const [model = '', job = ''] = JSON.parse(subject.slice('usage/'.length)) as readonly string[];
  const units = line.units === null ? null : BigInt(line.units);
  return {
    ConsumedQuantity: units,
    ConsumedUnit: units === null ? null : 'Units',
    PricingQuantity: units === null ? null : formatDecimal(units * 1000n),
    PricingUnit: units === null ? null : '1000000 Units',
    PricingCategory: 'Standard',
    ResourceName: model,
    ResourceType: 'Model endpoint',
    SkuId: model,
    SkuPriceId: line.planVersion,
    Tags: JSON.stringify({ job }),
    x_job: job,
  };
}

function costs(amountNanos: bigint): FocusRow {
  const amount = formatDecimal(amountNanos);
  return { BilledCost: amount, EffectiveCost: amount, ListCost: amount, ContractedCost: amount };
}

function common(document: InvoiceDocument, line: DocumentLine): FocusRow {
  const { period, customer, organisation } = document;
  const isCorrecting = isCorrection(document, line);
  const [subject = ''] = subjectOf(line).split('/');
  const category = (isCorrecting ? categories[subject] : categories[line.kind]) ?? 'Adjustment';
  return {
    BillingAccountId: customer.id,
    BillingAccountName: customer.displayName,
    BillingAccountType: 'Customer',
    BillingCurrency: 'USD',
    BillingPeriodStart: instant(startOfLocalDay(parseDay(period.from) ?? 0, period.timeZone)),
    BillingPeriodEnd: instant(startOfLocalDay(parseDay(period.until) ?? 0, period.timeZone)),
    ChargeCategory: category,
    ChargeClass: isCorrecting ? 'Correction' : null,
    ChargeDescription: line.description,
    ChargeFrequency: category === 'Purchase' ? 'Recurring' : 'Usage-Based',
    InvoiceId: document.number,
    InvoiceIssuerName: organisation.name,
    PricingCurrency: 'USD',
    ProviderName: organisation.name,
    PublisherName: organisation.name,
    ServiceCategory: serviceCategory,
    ServiceName: 'Model use',
    ServiceSubcategory: 'Generative AI',
    x_customer: customer.id,
    x_plan_version: line.planVersion,
    x_line_kind: line.kind,
    x_corrects: document.credits ?? null,
  };
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z');
}
