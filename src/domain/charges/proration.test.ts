import { array, assert, bigInt, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daysOf, formatPeriod, localDayAt, monthAt, monthOf, parseDay, periodOfDays } from '../money/periods.ts';
import { apportion, nanosPerCent, roundToMinorUnit, trueUpOf } from './proration.ts';

const usd = (cents: number) => BigInt(cents) * nanosPerCent;

/** As invoices divide a fee by the days of its parts. */
const prorateFee = (feeNanos: bigint, days: readonly number[]) => apportion(feeNanos, days.map(BigInt), nanosPerCent);

describe('proration', () => {
  test('[money 59] 49.00 over 19 and 11 of 30 days', () => {
    expect(prorateFee(usd(4900), [19, 11])).toEqual([usd(3103), usd(1797)]);
  });

  test('[money 60] 100.00 over 10, 10 and 11 days; a dollar in three; a million units', () => {
    expect(prorateFee(usd(10_000), [10, 10, 11])).toEqual([usd(3226), usd(3226), usd(3548)]);
    expect(prorateFee(usd(100), [1, 1, 1])).toEqual([usd(34), usd(33), usd(33)]);
    expect(apportion(1_000_000n, [19n, 11n])).toEqual([633_333n, 366_667n]);
  });

  test('[money 61] an upgrade from 20.00 to 50.00 in the middle', () => {
    expect(prorateFee(usd(2000), [15, 15])[1]).toBe(usd(1000));
    expect(prorateFee(usd(5000), [15, 15])[1]).toBe(usd(2500));
  });

  test('[money 62] a day of 23 hours weighs as much as any other', () => {
    const march = monthOf(2026, 3, 'Europe/Berlin');
    expect(daysOf(march)).toBe(31);
    expect(march.endMs - march.startMs).toBe((31 * 24 - 1) * 3_600_000);
    const [first] = prorateFee(usd(3100), [28, daysOf(march) - 28]);
    expect(first).toBe(usd(2800));
  });

  test('parts always add up to the whole and stay within a unit of their share', () => {
    const weights = array(bigInt({ min: 0n, max: 10_000n }), { minLength: 1, maxLength: 40 });
    const total = bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
    assert(
      property(total, weights, bigInt({ min: 1n, max: nanosPerCent }), (whole, shares, unit) => {
        const sum = shares.reduce((all, share) => all + share, 0n);
        if (sum === 0n) return;
        const parts = apportion(whole, shares, unit);
        expect(parts.reduce((all, part) => all + part, 0n)).toBe(whole);
        for (const [index, part] of parts.entries()) {
          const error = part * sum - whole * (shares[index] ?? 0n);
          expect(error < 2n * unit * sum && error > -2n * unit * sum).toBe(true);
        }
      }),
    );
  });

  test('without a weight nothing can be divided', () => {
    expect(() => apportion(1n, [0n])).toThrow(RangeError);
  });
});

describe('rounding of an invoice', () => {
  test('[money 63] three lines of 4,000,000 are a cent, and 2,000,000 are carried', () => {
    expect(roundToMinorUnit(3n * 4_000_000n)).toEqual({ roundedNanos: usd(1), carryNanos: 2_000_000n });
  });

  test('[money 64] a sum above the cent carries less than nothing', () => {
    const exact = 1_234_567_890n + 2_345_678_901n + 3_456_789_012n;
    expect(roundToMinorUnit(exact)).toEqual({ roundedNanos: usd(704), carryNanos: -2_964_197n });
  });

  test('halves go to the even cent on both sides of zero; currencies without cents exist', () => {
    expect(roundToMinorUnit(5_000_000n).roundedNanos).toBe(0n);
    expect(roundToMinorUnit(-15_000_000n).roundedNanos).toBe(-usd(2));
    expect(roundToMinorUnit(1_500_000_000n, 0).roundedNanos).toBe(2_000_000_000n);
  });

  test('what is carried from invoice to invoice is never lost', () => {
    assert(
      property(array(bigInt({ min: -(10n ** 12n), max: 10n ** 12n })), (amounts) => {
        let carryNanos = 0n;
        let billed = 0n;
        for (const amount of amounts) {
          const rounded = roundToMinorUnit(amount + carryNanos);
          billed += rounded.roundedNanos;
          carryNanos = rounded.carryNanos;
        }
        expect(billed + carryNanos).toBe(amounts.reduce((sum, amount) => sum + amount, 0n));
        expect(carryNanos <= nanosPerCent / 2n && carryNanos >= -nanosPerCent / 2n).toBe(true);
      }),
    );
  });

  test('[money 65] a commitment of 500.00 tops 412.34 up by 87.66', () => {
    expect(trueUpOf(usd(50_000), usd(41_234))).toBe(usd(8766));
    expect(trueUpOf(usd(50_000), usd(50_001))).toBe(0n);
  });
});

describe('periods', () => {
  test('a month begins and ends at local midnight', () => {
    const march = monthAt(Date.UTC(2026, 2, 29, 12), 'Europe/Berlin');
    expect(new Date(march.startMs).toISOString()).toBe('2026-02-28T23:00:00.000Z');
    expect(new Date(march.endMs).toISOString()).toBe('2026-03-31T22:00:00.000Z');
    expect(formatPeriod(march)).toBe('2026-03-01/2026-04-01');
  });

  test('[money 48] the last instant of a local day belongs to it, wherever the clock of the host is', () => {
    const december = monthOf(2026, 12, 'America/New_York');
    expect(monthAt(december.endMs - 100, 'America/New_York')).toEqual(december);
    expect(monthAt(december.endMs, 'America/New_York').startDay).toBe(december.endDay);
  });

  test('a day whose midnight the clock skips begins after it', () => {
    const day = parseDay('2024-09-08') ?? 0;
    const period = periodOfDays(day, day + 1, 'America/Santiago');
    expect(period.endMs - period.startMs).toBe(23 * 3_600_000);
  });

  test('the periods of a zone cover time without gap or overlap', () => {
    const zones = ['UTC', 'Asia/Kolkata', 'Pacific/Chatham', 'America/St_Johns', 'Africa/Casablanca'];
    assert(
      property(integer({ min: 0, max: zones.length - 1 }), integer({ min: 2015, max: 2035 }), (zoneIndex, year) => {
        const zone = zones[zoneIndex] ?? 'UTC';
        for (let month = 1; month <= 12; month++) {
          const period = monthOf(year, month, zone);
          expect(monthOf(year, month + 1, zone).startMs).toBe(period.endMs);
          expect(localDayAt(period.startMs, zone)).toBe(period.startDay);
          expect(localDayAt(period.startMs - 1, zone)).toBe(period.startDay - 1);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('a text that is no day is refused', () => {
    expect(parseDay('2026-02-30')).toBeUndefined();
    expect(parseDay('2026-2-3')).toBeUndefined();
  });
});
