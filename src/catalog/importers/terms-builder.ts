import { parseScaled } from '../../domain/money/money.ts';
import type { PriceCondition, PriceRule, PriceTerms } from '../../domain/rating/price.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import { decimalOf, sourceTextOf } from './fields.ts';

/** Decimal digits that turn a catalog's unit into pico-USD per unit. */
const unitDigits = {
  usdPerUnit: 12,
  centsPerUnit: 10,
  usdPerThousand: 9,
  usdPerMillion: 6,
} as const;

/** How a catalog counts money. */
export type PriceUnit = keyof typeof unitDigits;

type Prices = { [Bucket in UsageBucket]?: bigint };

interface OpenRule {
  readonly when: PriceCondition;
  readonly picosPerUnit: Prices;
}

/** Puts the price fields of one row together, in whatever order they stand. */
export class TermsBuilder {
  readonly #unit: PriceUnit;
  readonly #base: Prices = {};
  readonly #rules = new Map<string, OpenRule>();
  readonly #regions: { [region: string]: bigint } = {};
  #perCall: bigint | undefined;
  #isDynamic = false;
  #isInexact = false;

  constructor(unit: PriceUnit) {
    this.#unit = unit;
  }

  get isDynamic(): boolean {
    return this.#isDynamic;
  }

  get isInexact(): boolean {
    return this.#isInexact;
  }

  /** Sets the price of a bucket under a condition; returns what is wrong with it, undefined when nothing is. */
  set(bucket: UsageBucket, value: unknown, at: { when?: PriceCondition; unit?: PriceUnit } = {}): string | undefined {
    const text = decimalOf(value);
    if (text !== undefined && /^-1(\.0*)?$/.test(text)) {
      this.#isDynamic = true;
      return undefined;
    }
    const picos = text === undefined ? undefined : this.#read(text, at.unit ?? this.#unit);
    if (picos === undefined) return `is no price: ${(text ?? sourceTextOf(value)).slice(0, 60)}`;
    const { when } = at;
    if (when === undefined || Object.keys(when).length === 0) this.#base[bucket] = picos;
    else this.#rule(when).picosPerUnit[bucket] = picos;
    return undefined;
  }

  /** Sets the price of each call. */
  setPerCall(value: unknown, unit?: PriceUnit): string | undefined {
    const text = decimalOf(value);
    const picos = text === undefined ? undefined : this.#read(text, unit ?? this.#unit);
    if (picos === undefined) return `is no price: ${(text ?? sourceTextOf(value)).slice(0, 60)}`;
    this.#perCall = picos;
    return undefined;
  }

  /** Sets what a region costs relative to the price, `1.1` being ten percent more. */
  setRegionRatio(region: string, value: unknown): string | undefined {
    const scaled = parseScaled(decimalOf(value) ?? '', 6);
    if (scaled === undefined) return 'is no ratio';
    this.#regions[region] = scaled.value;
    return undefined;
  }

  /** The price; undefined when the row has none that holds without a condition, or a dynamic one. */
  build(): PriceTerms | undefined {
    if (this.#isDynamic) return undefined;
    const hasBase = Object.keys(this.#base).length > 0;
    if (!hasBase && this.#perCall === undefined) return undefined;
    const { rules, batchRatioPpm } = this.#foldBatches();
    return {
      picosPerUnit: this.#base,
      ...(this.#perCall !== undefined && { picosPerCall: this.#perCall }),
      ...(rules.length > 0 && { rules }),
      ...(batchRatioPpm !== undefined && { batchRatioPpm }),
      ...(Object.keys(this.#regions).length > 0 && { regionRatioPpm: this.#regions }),
    };
  }

  #read(text: string, unit: PriceUnit): bigint | undefined {
    const scaled = parseScaled(text, unitDigits[unit]);
    if (scaled && !scaled.exact) this.#isInexact = true;
    return scaled?.value;
  }

  #rule(when: PriceCondition): OpenRule {
    const key = JSON.stringify(Object.entries(when).toSorted(([left], [right]) => (left < right ? -1 : 1)));
    const known = this.#rules.get(key);
    if (known) return known;
    const rule = { when, picosPerUnit: {} };
    this.#rules.set(key, rule);
    return rule;
  }

  /** Batch prices that are one and the same share of every base price are a ratio, which then holds in tiers as well. */
  #foldBatches(): { rules: PriceRule[]; batchRatioPpm: bigint | undefined } {
    const rules = [...this.#rules.values()].toSorted(inOrder);
    const [batch, another] = rules.filter(({ when }) => when.batch === true);
    if (!batch || another || Object.keys(batch.when).length > 1) return { rules, batchRatioPpm: undefined };
    const ratios = Object.entries(batch.picosPerUnit).map(([bucket, picos]) =>
      ratioPpm(picos, this.#base[bucket as UsageBucket]),
    );
    const [first] = ratios;
    if (first === undefined || ratios.some((ratio) => ratio !== first)) return { rules, batchRatioPpm: undefined };
    return { rules: rules.filter((rule) => rule !== batch), batchRatioPpm: first };
  }
}

/** Exact share in parts per million; undefined when it is none, or needs more digits. */
function ratioPpm(part: bigint, whole: bigint | undefined): bigint | undefined {
  if (whole === undefined || whole === 0n) return undefined;
  const scaled = part * 1_000_000n;
  return scaled % whole === 0n ? scaled / whole : undefined;
}

/** The last rule that holds wins: more conditions later, then higher thresholds later. */
function inOrder(left: OpenRule, right: OpenRule): number {
  return (
    Object.keys(left.when).length - Object.keys(right.when).length ||
    (left.when.minTotalInputGt ?? 0) - (right.when.minTotalInputGt ?? 0)
  );
}
