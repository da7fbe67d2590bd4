import { onePpm } from '../../domain/charges/plan.ts';
import { nanosPerCent } from '../../domain/charges/proration.ts';
import { usageBuckets } from '../../domain/rating/usage.ts';
import {
  addUnits,
  type DayRange,
  findOffset,
  findOffsetOfUnits,
  type OurHour,
  sumDays,
  totalUnits,
} from './align-use.ts';
import type { Bill, BillCell } from './bill.ts';
import { ourNameOf } from './model-names.ts';
import type {
  DifferenceClass,
  OurSum,
  ReconciledCell,
  ReconciliationReport,
  SideSum,
  TimeZoneShift,
  UnitSums,
} from './reconciliation-report.ts';

/** 0.5 % */
const toleranceDivisor = 200n;

/** What a bill is compared by, besides the figures. */
export interface CompareSettings {
  /** Our names for models that the host calls otherwise. */
  readonly models?: { readonly [theirs: string]: string } | undefined;
  readonly range?: DayRange | undefined;
}

/** All cells of one model and key. */
interface Series {
  readonly model: string;
  readonly key: string;
  readonly hours: OurHour[];
  readonly theirs: Map<number, SideSum>;
}

/** Compares a bill with our hours: pure. The hours should reach a day beyond the bill on both sides. */
export function compareBill(
  bill: Pick<Bill, 'host' | 'cells'>,
  ours: readonly OurHour[],
  settings: CompareSettings = {},
): ReconciliationReport {
  const range = settings.range ?? rangeOf(bill.cells);
  const ourKeys = new Set(ours.map(({ key }) => key));
  const isByKey = bill.cells.length > 0 && bill.cells.every(({ key }) => key !== '' && ourKeys.has(key));
  const hasAmounts = bill.cells.some(({ amountNanos }) => amountNanos !== null);
  const shifts: TimeZoneShift[] = [];
  const cells: ReconciledCell[] = [];
  for (const series of gather(bill.cells, ours, { isByKey, settings })) {
    const compared = compareSeries(series, { range, hasAmounts });
    if (compared.hours !== 0) shifts.push({ model: series.model, hours: compared.hours });
    cells.push(...compared.cells);
  }
  cells.sort((one, other) => one.day - other.day || Number(one.model > other.model) - Number(one.model < other.model));
  return { host: bill.host, ...range, isByKey, shifts, cells, ...sumUp(cells) };
}

function gather(
  theirs: readonly BillCell[],
  ours: readonly OurHour[],
  { isByKey, settings }: { readonly isByKey: boolean; readonly settings: CompareSettings },
): Iterable<Series> {
  const all = new Map<string, Series>();
  const seriesOf = (model: string, key: string): Series => {
    const own = isByKey ? key : '';
    const place = JSON.stringify([model, own]);
    const series = all.get(place) ?? { model, key: own, hours: [], theirs: new Map() };
    all.set(place, series);
    return series;
  };
  for (const hour of ours) seriesOf(hour.model, hour.key).hours.push(hour);
  const names = new Set(ours.map(({ model }) => model));
  for (const cell of theirs) {
    const series = seriesOf(ourNameOf(cell.model, names, settings.models), cell.key);
    series.theirs.set(cell.day, addCell(series.theirs.get(cell.day), cell));
  }
  return all.values();
}

function addCell(known: SideSum | undefined, { bucket, units, amountNanos }: BillCell): SideSum {
  const added = units !== null && bucket !== '' ? { [bucket]: units } : undefined;
  return {
    units: added ? addUnits(known?.units ?? {}, added) : (known?.units ?? null),
    amountNanos: amountNanos === null ? (known?.amountNanos ?? null) : (known?.amountNanos ?? 0n) + amountNanos,
  };
}

function compareSeries(
  series: Series,
  { range, hasAmounts }: { readonly range: DayRange; readonly hasAmounts: boolean },
): { readonly hours: number; readonly cells: ReconciledCell[] } {
  const hours = series.hours.length > 0 && series.theirs.size > 0 ? offsetOf(series, range) : 0;
  const before = sumDays(series.hours, range, 0);
  const aligned = sumDays(series.hours, range, hours);
  const isPriced = hasOneRatio(series.theirs, aligned);
  const days = new Set([...aligned.keys(), ...series.theirs.keys()]);
  const cells = [...days].map((day): ReconciledCell => {
    const ours = aligned.get(day);
    const theirs = series.theirs.get(day);
    const found = classify({ ours, theirs, isKnown: series.hours.length > 0, isPriced });
    // What fits only after alignment differed by the time zone.
    const isShifted = hours !== 0 && isWithin(found.difference) && !isEqualSum(before.get(day), ours);
    const isTold = hasAmounts && theirs?.amountNanos !== null;
    const deltaNanos = !isTold ? null : (ours?.amountNanos ?? 0n) - (theirs?.amountNanos ?? 0n);
    const { model, key } = series;
    return { day, model, key, ours, theirs, deltaNanos, ...found, ...(isShifted && { difference: 'time_zone_shift' }) };
  });
  return { hours, cells };
}

function offsetOf({ hours, theirs }: Series, range: DayRange): number {
  const isPriced = [...theirs.values()].some(({ amountNanos }) => amountNanos !== null);
  const sizes = [...theirs].map(([day, sum]): [number, bigint] => [
    day,
    isPriced ? (sum.amountNanos ?? 0n) : totalUnits(sum.units ?? {}),
  ]);
  return (isPriced ? findOffset : findOffsetOfUnits)(hours, range, new Map(sizes));
}

function classify(cell: {
  readonly ours: OurSum | undefined;
  readonly theirs: SideSum | undefined;
  readonly isKnown: boolean;
  readonly isPriced: boolean;
}): { readonly difference: DifferenceClass; readonly missingOn?: 'ours' | 'theirs' } {
  const { ours, theirs } = cell;
  if (!theirs) return { difference: 'missing_rows', missingOn: 'theirs' };
  if (!cell.isKnown) return { difference: 'unknown_model', missingOn: 'ours' };
  if (!ours) return { difference: 'missing_rows', missingOn: 'ours' };
  const isAmountClose = theirs.amountNanos === null || isCloseAmount(ours.amountNanos, theirs.amountNanos);
  if (!theirs.units) {
    if (isAmountClose) return { difference: ours.amountNanos === theirs.amountNanos ? 'equal' : 'rounding' };
    if (cell.isPriced) return { difference: 'price' };
    return missing(ours.amountNanos < (theirs.amountNanos ?? 0n));
  }
  const ourTotal = totalUnits(ours.units);
  const theirTotal = totalUnits(theirs.units);
  if (!isClose(ourTotal, theirTotal)) return missing(ourTotal < theirTotal);
  if (!areBucketsClose(ours.units, theirs.units)) return { difference: 'bucket_shift' };
  if (!isAmountClose) return { difference: 'price' };
  const isEqual = theirs.amountNanos === null || ours.amountNanos === theirs.amountNanos;
  return { difference: isEqual && ourTotal === theirTotal ? 'equal' : 'rounding' };
}

function missing(isOurs: boolean): { readonly difference: DifferenceClass; readonly missingOn: 'ours' | 'theirs' } {
  return { difference: 'missing_rows', missingOn: isOurs ? 'ours' : 'theirs' };
}

/** Without units, a price shows by one ratio on every one of several days. */
function hasOneRatio(theirs: ReadonlyMap<number, SideSum>, ours: ReadonlyMap<number, OurSum>): boolean {
  const pairs = [...theirs].map(
    ([day, { amountNanos }]) => [amountNanos ?? 0n, ours.get(day)?.amountNanos ?? 0n] as const,
  );
  const [first] = pairs;
  if (!first || pairs.length < 2 || first[1] === 0n) return false;
  return pairs.every(([their, our]) => our > 0n && isClose(their * first[1], first[0] * our));
}

function areBucketsClose(ours: UnitSums, theirs: UnitSums): boolean {
  return usageBuckets.every((bucket) => isClose(ours[bucket] ?? 0n, theirs[bucket] ?? 0n));
}

function isCloseAmount(ours: bigint, theirs: bigint): boolean {
  const delta = ours < theirs ? theirs - ours : ours - theirs;
  return delta <= nanosPerCent || isClose(ours, theirs);
}

function isClose(ours: bigint, theirs: bigint): boolean {
  const delta = ours < theirs ? theirs - ours : ours - theirs;
  return delta * toleranceDivisor <= (theirs < 0n ? -theirs : theirs);
}

function isWithin(difference: DifferenceClass): boolean {
  return difference === 'equal' || difference === 'rounding';
}

function isEqualSum(one: OurSum | undefined, other: OurSum | undefined): boolean {
  return one?.amountNanos === other?.amountNanos && totalUnits(one?.units ?? {}) === totalUnits(other?.units ?? {});
}

function sumUp(
  cells: readonly ReconciledCell[],
): Omit<ReconciliationReport, 'host' | 'firstDay' | 'lastDay' | 'isByKey' | 'shifts' | 'cells'> {
  let oursNanos = 0n;
  let theirsNanos = 0n;
  let estimatedNanos = 0n;
  let varianceNanos = 0n;
  const classes = new Map<DifferenceClass, { cells: number; deltaNanos: bigint }>();
  for (const { ours, theirs, deltaNanos, difference } of cells) {
    if (deltaNanos !== null) oursNanos += ours?.amountNanos ?? 0n;
    theirsNanos += theirs?.amountNanos ?? 0n;
    estimatedNanos += ours?.estimatedNanos ?? 0n;
    if (!isWithin(difference) && difference !== 'time_zone_shift') varianceNanos -= deltaNanos ?? 0n;
    const known = classes.get(difference) ?? { cells: 0, deltaNanos: 0n };
    classes.set(difference, { cells: known.cells + 1, deltaNanos: known.deltaNanos + (deltaNanos ?? 0n) });
  }
  return {
    oursNanos,
    theirsNanos,
    deltaNanos: oursNanos - theirsNanos,
    coveragePpm: theirsNanos > 0n ? (oursNanos * onePpm) / theirsNanos : null,
    estimatedPpm: oursNanos > 0n ? (estimatedNanos * onePpm) / oursNanos : 0n,
    classes: [...classes].map(([difference, sums]) => ({ difference, ...sums })),
    varianceNanos,
  };
}

function rangeOf(cells: readonly BillCell[]): DayRange {
  const days = cells.map(({ day }) => day);
  return days.reduce(
    (range, day) => ({ firstDay: Math.min(range.firstDay, day), lastDay: Math.max(range.lastDay, day) }),
    { firstDay: days[0] ?? 0, lastDay: days[0] ?? 0 },
  );
}
