import type { Meter, PriceStep } from './plan.ts';

/** Units of a meter that a plan includes in a whole period, by its number of seats. */
export function includedUnitsOf(meter: Meter, seats: bigint): bigint {
  return meter.includedUnits + meter.includedUnitsPerSeat * seats;
}

/** Units beyond the included ones. */
export function overageOf(units: bigint, includedUnits: bigint): bigint {
  return units > includedUnits ? units - includedUnits : 0n;
}

/** Price in pico-USD of all units of a period. Steps count from the first unit that is not included. */
export function priceOfPeriod(meter: Meter, use: { readonly units: bigint; readonly includedUnits: bigint }): bigint {
  const billable = overageOf(use.units, use.includedUnits);
  return meter.mode === 'volume' ? billable * stepAt(meter, billable).picosPerUnit : graduated(meter.steps, billable);
}

/**
 * Price in pico-USD of a unit at the time it is used. What is counted over a period cannot be known then, least of all by
 * several gateways: every unit is charged at the first step, and the invoice settles the difference.
 */
export function firstPriceOf(meter: Meter): bigint {
  return stepAt(meter, 0n).picosPerUnit;
}

/** What an invoice adds to charges at the first price so that a period costs what its meter says; mostly negative. */
export function settlementOf(meter: Meter, use: { readonly units: bigint; readonly includedUnits: bigint }): bigint {
  return priceOfPeriod(meter, use) - use.units * firstPriceOf(meter);
}

/** The parts of a period's units that fall on each step, for the lines of an invoice. */
export function stepsOf(meter: Meter, billable: bigint): { readonly units: bigint; readonly picosPerUnit: bigint }[] {
  if (meter.mode === 'volume') return [{ units: billable, picosPerUnit: stepAt(meter, billable).picosPerUnit }];
  const parts: { units: bigint; picosPerUnit: bigint }[] = [];
  let from = 0n;
  for (const step of meter.steps) {
    const to = step.upTo === undefined || step.upTo > billable ? billable : step.upTo;
    if (to > from) parts.push({ units: to - from, picosPerUnit: step.picosPerUnit });
    from = to;
  }
  return parts;
}

function graduated(steps: readonly PriceStep[], units: bigint): bigint {
  let picos = 0n;
  let from = 0n;
  for (const step of steps) {
    if (from >= units) break;
    const to = step.upTo === undefined || step.upTo > units ? units : step.upTo;
    picos += (to - from) * step.picosPerUnit;
    from = to;
  }
  return picos;
}

/** The step that the last of so many units is on; the open last step takes all beyond. */
function stepAt(meter: Meter, units: bigint): PriceStep {
  const step = meter.steps.find(({ upTo }) => upTo === undefined || units <= upTo) ?? meter.steps.at(-1);
  if (!step) throw new Error(`The meter ${meter.name} has no price step.`);
  return step;
}
