import { includedUnitsOf, overageOf, settlementOf } from '../../domain/charges/meter.ts';
import { picosPerNano } from '../../domain/money/money.ts';
import { daysOf } from '../../domain/money/periods.ts';
import { type Meter, type Plan, meterOf } from '../../domain/charges/plan.ts';
import { apportion, divideSigned, nanosPerCent, trueUpOf } from '../../domain/charges/proration.ts';
import { usageBuckets } from '../../domain/rating/usage.ts';
import type { InvoiceLine, InvoiceLineKind, SpanUse, UseSum } from './invoice-line.ts';

/** Days of a whole billing period, to divide fees by. */
export interface PeriodDays {
  readonly startDay: number;
  readonly endDay: number;
}

/** What the lines of one period are built from. */
export interface PeriodUse {
  readonly period: PeriodDays;
  readonly spans: readonly SpanUse[];
  /** What wallets have paid of the period's charges. */
  readonly paidFromCreditNanos: bigint;
  /** Hash over the journal ranges of the period's use. */
  readonly segmentsSha256: string | null;
}

type LineDraft = Pick<InvoiceLine, 'key' | 'description' | 'amountNanos'> & Partial<InvoiceLine>;

/** Builds the lines of a period: pure, so that late facts are found by building it again and comparing. */
export function buildLines(period: PeriodUse): InvoiceLine[] {
  const lines = period.spans.flatMap((spanUse) => new SpanLines(period, spanUse).build());
  if (period.paidFromCreditNanos !== 0n) lines.push(creditLine(period));
  return lines;
}

/** The part of a period's amount that falls on one span, so that the parts of all spans add up to it. */
function shareOfSpan(amount: bigint, span: PeriodDays, within: { period: PeriodDays; unit: bigint }): bigint {
  const { period, unit } = within;
  const days = [span.startDay - period.startDay, daysOf(span), period.endDay - span.endDay];
  return apportion(amount, days.map(BigInt), unit)[1] ?? 0n;
}

function creditLine({ period, paidFromCreditNanos, segmentsSha256 }: PeriodUse): InvoiceLine {
  return {
    key: 'prepaid',
    kind: 'prepaid',
    description: 'Paid from credit',
    units: null,
    unit: '',
    picosPerUnit: null,
    planVersionId: '',
    coversStartDay: period.startDay,
    coversEndDay: period.endDay,
    amountNanos: -paidFromCreditNanos,
    isBooked: true,
    segmentsSha256,
  };
}

/** Collects the lines of one span. */
class SpanLines {
  readonly #period: PeriodUse;
  readonly #spanUse: SpanUse;
  readonly #lines: InvoiceLine[] = [];

  constructor(period: PeriodUse, spanUse: SpanUse) {
    this.#period = period;
    this.#spanUse = spanUse;
  }

  build(): InvoiceLine[] {
    const { plan, seats } = this.#spanUse.span;
    this.#addFee('base_fee', { description: `Base fee, plan ${plan.name}`, feeNanos: plan.baseFeeNanos, count: 1n });
    this.#addFee('seats', { description: 'Seats', feeNanos: plan.seats?.feeNanos ?? 0n, count: seats });
    for (const use of this.#spanUse.use) this.#addUse(use);
    for (const meter of plan.meters) this.#addSettlement(meter);
    for (const { kind, count, chargeNanos } of this.#spanUse.outcomes) {
      const draft = { key: `outcomes/${kind}`, description: `Outcomes: ${kind}`, units: count, unit: 'outcomes' };
      this.#add('outcomes', { ...draft, amountNanos: chargeNanos });
    }
    this.#addCommitment();
    return this.#lines;
  }

  #addFee(kind: 'base_fee' | 'seats', fee: { description: string; feeNanos: bigint; count: bigint }): void {
    if (fee.feeNanos === 0n || fee.count === 0n) return;
    const amountNanos = this.#share(fee.feeNanos * fee.count, nanosPerCent);
    const unit = kind === 'seats' ? 'seats' : 'fee';
    this.#add(kind, { key: kind, description: fee.description, amountNanos, units: fee.count, unit });
  }

  #addUse({ model, job, requests, chargeNanos, units }: UseSum): void {
    if (requests === 0n && chargeNanos === 0n) return;
    const fixed = isFixedPrice(this.#spanUse.span.plan, job);
    const counted = usageBuckets.reduce((sum, bucket) => sum + (units[bucket] ?? 0n), 0n);
    const description = job === '' ? model : `${model}, job ${job}`;
    this.#add('usage', {
      key: `usage/${JSON.stringify([model, job])}`,
      description,
      units: fixed ? requests : counted,
      unit: fixed ? 'requests' : 'units',
      amountNanos: chargeNanos,
      segmentsSha256: this.#period.segmentsSha256,
    });
  }

  #addSettlement(meter: Meter): void {
    const { span } = this.#spanUse;
    const units = meteredUnits(this.#spanUse, meter);
    const includedUnits = this.#share(includedUnitsOf(meter, span.seats), 1n);
    const amountNanos = divideSigned(settlementOf(meter, { units, includedUnits }), picosPerNano);
    if (amountNanos === 0n) return;
    const overage = overageOf(units, includedUnits);
    this.#add('settlement', {
      key: `meter/${meter.name}`,
      description: `${meter.name}: ${units} used, ${includedUnits} included, ${overage} beyond (${meter.mode})`,
      units: overage,
      unit: 'units',
      amountNanos,
      segmentsSha256: this.#period.segmentsSha256,
    });
  }

  #addCommitment(): void {
    const { commitmentNanos } = this.#spanUse.span.plan;
    if (commitmentNanos === 0n) return;
    const used = this.#lines
      .filter(({ kind }) => kind === 'usage' || kind === 'settlement' || kind === 'outcomes')
      .reduce((sum, { amountNanos }) => sum + amountNanos, 0n);
    const amountNanos = trueUpOf(this.#share(commitmentNanos, nanosPerCent), used);
    if (amountNanos > 0n)
      this.#add('commitment', { key: 'commitment', description: 'Minimum commitment', amountNanos });
  }

  #share(amount: bigint, unit: bigint): bigint {
    return shareOfSpan(amount, this.#spanUse.span, { period: this.#period.period, unit });
  }

  #add(kind: InvoiceLineKind, draft: LineDraft): void {
    const { plan, startDay, endDay } = this.#spanUse.span;
    this.#lines.push({
      units: null,
      unit: '',
      picosPerUnit: null,
      segmentsSha256: null,
      isBooked: kind === 'usage' || kind === 'outcomes',
      ...draft,
      kind,
      key: `${plan.versionId}/${startDay}/${draft.key}`,
      planVersionId: plan.versionId,
      coversStartDay: startDay,
      coversEndDay: endDay,
    });
  }
}

/** Exchanges of a job with a price of its own are not charged by what they used. */
function isFixedPrice(plan: Plan, job: string): boolean {
  if (Object.hasOwn(plan.jobPricesNanos, job)) return true;
  return plan.outcomePrices.some((price) => price.job === undefined || price.job === job);
}

function meteredUnits({ span, use }: SpanUse, meter: Meter): bigint {
  let total = 0n;
  for (const { model, job, units } of use) {
    if (isFixedPrice(span.plan, job)) continue;
    for (const bucket of usageBuckets) if (meterOf(span.plan, model, bucket) === meter) total += units[bucket] ?? 0n;
  }
  return total;
}
