import { usageBuckets } from '../../domain/rating/usage.ts';
import type { OurSum, UnitSums } from './reconciliation-report.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Hours that the calendar of a bill may be ahead of ours: whole days before the clocks of the world. */
const offsets: readonly number[] = [
  0,
  -24,
  24,
  ...Array.from({ length: 14 }, (_, index) => [-(index + 1), index + 1]).flat(),
];
/** A shift counts when it explains at least this share of what does not fit: 3 of 4. */
const explained = { numerator: 1n, denominator: 4n };

/** What we metered in one hour. */
export interface OurHour {
  readonly hourMs: number;
  readonly model: string;
  readonly key: string;
  readonly units: UnitSums;
  readonly costNanos: bigint;
  readonly estimatedNanos: bigint;
}

/** Days of a bill for one series. */
export interface DayRange {
  readonly firstDay: number;
  readonly lastDay: number;
}

/** Adds hours up to days, with a clock that is some hours ahead. */
export function sumDays(hours: readonly OurHour[], range: DayRange, offsetHours: number): Map<number, OurSum> {
  const days = new Map<number, OurSum>();
  for (const hour of hours) {
    const day = Math.floor((hour.hourMs + offsetHours * hourMs) / dayMs);
    if (day < range.firstDay || day > range.lastDay) continue;
    const known = days.get(day);
    days.set(day, {
      units: addUnits(known?.units ?? {}, hour.units),
      amountNanos: (known?.amountNanos ?? 0n) + hour.costNanos,
      estimatedNanos: (known?.estimatedNanos ?? 0n) + hour.estimatedNanos,
    });
  }
  return days;
}

/**
 * Finds the offset at which our days fit a bill's. No offset is taken unless it explains most of the misfit: use that is
 * missing on one side is not moved about to hide it.
 */
export function findOffset(hours: readonly OurHour[], range: DayRange, theirs: ReadonlyMap<number, bigint>): number {
  const size = (sum: OurSum): bigint => sum.amountNanos;
  return bestOffset({ hours, range, theirs, size });
}

/** The same by units, for bills that tell no amounts. */
export function findOffsetOfUnits(
  hours: readonly OurHour[],
  range: DayRange,
  theirs: ReadonlyMap<number, bigint>,
): number {
  return bestOffset({ hours, range, theirs, size: (sum) => totalUnits(sum.units) });
}

/** All units together. */
export function totalUnits(units: UnitSums): bigint {
  return usageBuckets.reduce((sum, bucket) => sum + (units[bucket] ?? 0n), 0n);
}

/** Adds units bucket by bucket. */
export function addUnits(one: UnitSums, other: UnitSums): UnitSums {
  const sum: { -readonly [Bucket in keyof UnitSums]: bigint } = {};
  for (const bucket of usageBuckets) {
    const units = (one[bucket] ?? 0n) + (other[bucket] ?? 0n);
    if (units !== 0n) sum[bucket] = units;
  }
  return sum;
}

function bestOffset(series: {
  readonly hours: readonly OurHour[];
  readonly range: DayRange;
  readonly theirs: ReadonlyMap<number, bigint>;
  readonly size: (sum: OurSum) => bigint;
}): number {
  const { hours, range, theirs, size } = series;
  const misfits = offsets.map((offset) => {
    const ours = sumDays(hours, range, offset);
    let misfit = 0n;
    for (const day of new Set([...ours.keys(), ...theirs.keys()])) {
      const own = ours.get(day);
      const delta = (own ? size(own) : 0n) - (theirs.get(day) ?? 0n);
      misfit += delta < 0n ? -delta : delta;
    }
    return { offset, misfit };
  });
  const [present] = misfits;
  const best = misfits.reduce((one, other) => (other.misfit < one.misfit ? other : one));
  if (!present || best.misfit * explained.denominator > present.misfit * explained.numerator) return 0;
  return best.offset;
}
