import { describe, expect, test } from 'vitest';
import { onePpm } from '../../domain/charges/plan.ts';
import type { OurHour } from './align-use.ts';
import type { BillCell } from './bill.ts';
import { compareBill } from './compare-bill.ts';
import { formatReport } from './format-report.ts';

const hour = 3_600_000;
const usd = (cents: number) => BigInt(cents) * 10_000_000n;

function ours(day: number, change: Partial<OurHour> & { atHour?: number } = {}): OurHour {
  const { atHour = 12, ...rest } = change;
  const hourMs = (day * 24 + atHour) * hour;
  return {
    hourMs,
    model: 'm',
    key: 'k',
    units: { input: 1000n, output: 100n },
    costNanos: usd(100),
    estimatedNanos: 0n,
    ...rest,
  };
}

function theirs(day: number, change: Partial<BillCell> = {}): BillCell {
  return { day, model: 'm', key: '', bucket: '', units: null, amountNanos: usd(100), ...change };
}

const units = (day: number, input: bigint, output: bigint): BillCell[] => [
  theirs(day, { bucket: 'input', units: input, amountNanos: null }),
  theirs(day, { bucket: 'output', units: output, amountNanos: null }),
];

const compare = (cells: BillCell[], hours: OurHour[]) => compareBill({ host: 'h', cells }, hours);
const differences = (cells: BillCell[], hours: OurHour[]) =>
  compare(cells, hours).cells.map(({ difference }) => difference);

test('[money 74] a bill of 770.00 against 26.74 covers 3.5 %: rows are missing, 743.26 are posted', () => {
  const report = compare([theirs(1, { amountNanos: usd(77_000) })], [ours(1, { costNanos: usd(2674) })]);
  expect(report.cells[0]).toMatchObject({ difference: 'missing_rows', missingOn: 'ours' });
  expect(((report.coveragePpm ?? 0n) * 1000n) / onePpm).toBe(34n);
  expect(report.varianceNanos).toBe(usd(74_326));
});

describe('[money 75] time zones', () => {
  const amounts = [310, 720, 50, 990, 405, 220];

  test('a bill that is a day off fits after alignment and leaves no variance', () => {
    const hours = amounts.map((cents, index) => ours(10 + index, { costNanos: usd(cents) }));
    const report = compare(
      amounts.map((cents, index) => theirs(11 + index, { amountNanos: usd(cents) })),
      hours,
    );
    expect(report.shifts).toEqual([{ model: 'm', hours: 24 }]);
    expect(new Set(report.cells.map(({ difference }) => difference))).toEqual(new Set(['time_zone_shift']));
    expect(report.varianceNanos).toBe(0n);
  });

  test('a bill by another clock fits after moving hours between days', () => {
    const hours = amounts.flatMap((cents, index) => [
      ours(10 + index, { atHour: 3, costNanos: usd(cents) }),
      ours(10 + index, { atHour: 20, costNanos: usd(2 * cents) }),
    ]);
    const bill = Array.from({ length: 7 }, (_, index) =>
      theirs(9 + index, { amountNanos: usd((amounts[index] ?? 0) + 2 * (amounts[index - 1] ?? 0)) }),
    );
    const report = compare(
      bill.map((cell) => ({ ...cell, day: cell.day })),
      hours,
    );
    expect(report.shifts).toHaveLength(1);
    expect(report.varianceNanos).toBe(0n);
  });

  test('rows that are missing are not moved about to hide it', () => {
    const hours = amounts.map((cents, index) => ours(10 + index, { costNanos: usd(cents) }));
    const bill = amounts.slice(1).map((cents, index) => theirs(11 + index, { amountNanos: usd(cents) }));
    const report = compareBill({ host: 'h', cells: bill }, hours, { range: { firstDay: 10, lastDay: 15 } });
    expect(report.shifts).toEqual([]);
    expect(report.cells[0]).toMatchObject({ day: 10, difference: 'missing_rows', missingOn: 'theirs' });
    expect(report.varianceNanos).toBe(-usd(310));
  });
});

describe('classes', () => {
  test('equal, and rounding within a cent or half a percent', () => {
    expect(differences([theirs(1)], [ours(1)])).toEqual(['equal']);
    expect(differences([theirs(1, { amountNanos: usd(101) })], [ours(1)])).toEqual(['rounding']);
    expect(differences([theirs(1, { amountNanos: usd(100_500) })], [ours(1, { costNanos: usd(100_000) })])).toEqual([
      'rounding',
    ]);
    expect(differences([theirs(1, { amountNanos: usd(100_600) })], [ours(1, { costNanos: usd(100_000) })])).not.toEqual(
      ['rounding'],
    );
  });

  test('the same units at another price', () => {
    expect(differences([...units(1, 1000n, 100n), theirs(1, { amountNanos: usd(150) })], [ours(1)])).toEqual(['price']);
  });

  test('without units, one ratio on several days is a price', () => {
    const days = [
      [1, 100],
      [2, 333],
      [3, 47],
    ] as const;
    const bill = days.map(([day, cents]) => theirs(day, { amountNanos: usd(cents * 3) }));
    expect(
      differences(
        bill,
        days.map(([day, cents]) => ours(day, { costNanos: usd(cents) })),
      ),
    ).toEqual(['price', 'price', 'price']);
  });

  test('the same units in other buckets', () => {
    expect(differences([...units(1, 600n, 500n), theirs(1, { amountNanos: usd(150) })], [ours(1)])).toEqual([
      'bucket_shift',
    ]);
  });

  test('fewer units, on either side', () => {
    expect(compare([...units(1, 2000n, 200n), theirs(1, { amountNanos: usd(200) })], [ours(1)]).cells[0]).toMatchObject(
      {
        difference: 'missing_rows',
        missingOn: 'ours',
      },
    );
    expect(compare([...units(1, 500n, 50n), theirs(1, { amountNanos: usd(50) })], [ours(1)]).cells[0]?.missingOn).toBe(
      'theirs',
    );
  });

  test('a model that we never called', () => {
    const report = compare([theirs(1), theirs(1, { model: 'other', amountNanos: usd(7) })], [ours(1)]);
    expect(report.cells.map(({ model, difference }) => [model, difference])).toEqual([
      ['m', 'equal'],
      ['other', 'unknown_model'],
    ]);
    expect(report.varianceNanos).toBe(usd(7));
  });
});

test('a model is found by its own word, or by the only one that differs by its date', () => {
  const hours = [ours(1, { model: 'gpt-x' })];
  expect(differences([theirs(1, { model: 'GPT-X-2026-01-31' })], hours)).toEqual(['equal']);
  const settings = { models: { sku17: 'gpt-x' } };
  expect(compareBill({ host: 'h', cells: [theirs(1, { model: 'sku17' })] }, hours, settings).cells[0]?.difference).toBe(
    'equal',
  );
});

test('keys are told apart when the bill names the ones we know', () => {
  const hours = [ours(1, { key: 'a' }), ours(1, { key: 'b', costNanos: usd(300) })];
  const named = compare([theirs(1, { key: 'a' }), theirs(1, { key: 'b', amountNanos: usd(900) })], hours);
  expect(named.isByKey).toBe(true);
  expect(named.cells.map(({ key, difference }) => [key, difference])).toEqual([
    ['a', 'equal'],
    ['b', 'missing_rows'],
  ]);
  expect(compare([theirs(1, { key: 'sk-1', amountNanos: usd(400) })], hours)).toMatchObject({
    isByKey: false,
    varianceNanos: 0n,
  });
});

test('a bill without amounts is compared by units and posts nothing', () => {
  const report = compare([...units(1, 1000n, 100n), ...units(2, 5000n, 500n)], [ours(1), ours(2)]);
  expect(report.cells.map(({ difference }) => difference)).toEqual(['equal', 'missing_rows']);
  expect(report).toMatchObject({ varianceNanos: 0n, coveragePpm: null });
});

test('the share of estimates is told; the report has amounts as text', () => {
  const report = compare([theirs(1)], [ours(1, { estimatedNanos: usd(25) })]);
  expect(report.estimatedPpm).toBe(250_000n);
  expect(formatReport(report).cells[0]).toMatchObject({ day: '1970-01-02', oursNanos: '1000000000', deltaNanos: '0' });
});
