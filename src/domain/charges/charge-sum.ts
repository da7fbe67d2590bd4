import { firstPriceOf } from './meter.ts';
import { divideHalfEven, picosPerNano } from '../money/money.ts';
import { type ListPrice, type Meter, type Plan, listPriceOf, meterOf, onePpm } from './plan.ts';
import { type UsageBucket, type UsageBuckets, usageBuckets } from '../rating/usage.ts';

/**
 * Arithmetic of charges is exact in zepto-USD, 10^-21: a cost in nanos times a ratio times a markup, both in parts per
 * million, is still a whole number of them.
 */
export const zeptosPerNano = 1_000_000_000_000n;
const zeptosPerPico = zeptosPerNano / picosPerNano;

/** The rule of the plan that a line comes from. */
export type ChargeRule = 'markup' | 'list' | 'meter' | 'job' | 'outcome' | 'floor';

/** One line of the arithmetic; the lines of a charge add up to it before its only rounding. */
export interface ChargeLine {
  readonly rule: ChargeRule;
  readonly zeptos: bigint;
  readonly bucket?: UsageBucket;
  readonly units?: number;
  readonly picosPerUnit?: bigint;
  /** Cost that a markup line is computed from. */
  readonly costNanos?: bigint;
  /** Meter, job or kind of outcome. */
  readonly label?: string;
}

/** What the price of use depends on besides the use itself. */
export interface PricingContext {
  /** The model as the client named it. */
  readonly model: string;
}

/** Use to be priced: of an attempt, of its fees, or of an answer from the cache. */
export interface PricedUse {
  readonly costNanos: bigint | null;
  readonly usage?: UsageBuckets | undefined;
}

/** Which bucket's own price stands in for a bucket without one. Audio, image and video are never assumed to be text. */
const standIn: { readonly [Bucket in UsageBucket]?: UsageBucket } = {
  cacheRead: 'input',
  cacheWrite5m: 'input',
  cacheWrite1h: 'input',
  reasoning: 'output',
};

/** Collects the lines of one charge and rounds their sum once. */
export class ChargeSum {
  readonly lines: ChargeLine[] = [];
  readonly unpriced: UsageBucket[] = [];
  readonly #plan: Plan;
  readonly #context: PricingContext;
  readonly #list: ListPrice | undefined;
  #zeptos = 0n;
  #costNanos = 0n;
  #known = true;
  #pending = false;

  constructor(plan: Plan, context: PricingContext) {
    this.#plan = plan;
    this.#context = context;
    this.#list = listPriceOf(plan, context.model);
  }

  /** The exchange is paid by its outcome: nothing is due yet, and its margin is not known yet. */
  get isPending(): boolean {
    return this.#pending;
  }

  addPending(kind: string): void {
    this.#pending = true;
    this.addLine({ rule: 'outcome', label: kind, zeptos: 0n });
  }

  addLine(line: ChargeLine): void {
    this.lines.push(line);
    this.#zeptos += line.zeptos;
  }

  /** Prices use by meters and the own price list where the plan has them for the model, else by the markup on cost. */
  addUse(use: PricedUse): void {
    this.#costNanos += use.costNanos ?? 0n;
    if (!this.#hasOwnPrice()) this.#addMarkup(use.costNanos, onePpm);
    else if (use.usage) this.#addUnits(use.usage);
    // An own price list cannot price use that nobody counted; free of charge would be a guess.
    else if (use.costNanos !== 0n) this.#known = false;
  }

  /** Prices an answer from the cache: the plan's share of what the original would be charged. Its cost was 0. */
  addSaved(saved: PricedUse): void {
    const ratioPpm = this.#plan.cachedRatioPpm;
    if (ratioPpm === 0n) return;
    const { usage } = saved;
    if (!this.#list || !usage) this.#addMarkup(saved.costNanos, ratioPpm);
    else for (const bucket of usageBuckets) this.#addListed(bucket, usage[bucket] ?? 0, ratioPpm);
  }

  /** Rounds once; null when a needed price or cost is unknown. */
  close(floorPpm: bigint): bigint | null {
    if (!this.#known) return null;
    const floorZeptos = this.#costNanos * floorPpm * (zeptosPerNano / onePpm);
    if (floorZeptos > this.#zeptos) this.addLine({ rule: 'floor', zeptos: floorZeptos - this.#zeptos });
    return divideHalfEven(this.#zeptos, zeptosPerNano);
  }

  #hasOwnPrice(): boolean {
    if (this.#list) return true;
    return this.#plan.meters.some((meter) => meter.models?.includes(this.#context.model) ?? true);
  }

  #addMarkup(costNanos: bigint | null, ratioPpm: bigint): void {
    if (costNanos === null) {
      this.#known = false;
      return;
    }
    this.addLine({ rule: 'markup', costNanos, zeptos: costNanos * ratioPpm * (onePpm + this.#plan.markupPpm) });
  }

  #addUnits(usage: UsageBuckets): void {
    for (const bucket of usageBuckets) {
      const units = usage[bucket] ?? 0;
      const meter = units > 0 ? meterOf(this.#plan, this.#context.model, bucket) : undefined;
      if (meter) this.#addMetered(meter, bucket, units);
      else this.#addListed(bucket, units, onePpm);
    }
  }

  #addListed(bucket: UsageBucket, units: number, ratioPpm: bigint): void {
    if (units === 0) return;
    const picosPerUnit = this.#listedPicos(bucket);
    if (picosPerUnit === undefined) this.#miss(bucket);
    else {
      const zeptos = BigInt(units) * picosPerUnit * ratioPpm * (zeptosPerPico / onePpm);
      this.addLine({ rule: 'list', bucket, units, picosPerUnit, zeptos });
    }
  }

  /** Each exchange costs the price of the first step; the invoice settles included units and further steps. */
  #addMetered(meter: Meter, bucket: UsageBucket, units: number): void {
    const picosPerUnit = firstPriceOf(meter);
    const zeptos = BigInt(units) * picosPerUnit * zeptosPerPico;
    this.addLine({ rule: 'meter', label: meter.name, bucket, units, picosPerUnit, zeptos });
  }

  #listedPicos(bucket: UsageBucket): bigint | undefined {
    const substitute = standIn[bucket];
    return this.#list?.[bucket] ?? (substitute && this.#list?.[substitute]);
  }

  #miss(bucket: UsageBucket): void {
    // Requests (web searches and the like) are mostly extras without a price of their own: absent means not charged.
    if (bucket === 'requests') return;
    this.unpriced.push(bucket);
    this.#known = false;
  }
}
