import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { chooseByEstimates, type Estimates } from '../../routing/index.ts';
import type { Fact } from '../../domain/facts/facts.ts';
import { askLoss, askPrice } from './ask.ts';
import { ColumnBuilder } from './column-builder.ts';
import { ExactSums } from './exact-sums.ts';
import { LogColumns, type ReplayCandidate, type ReplayRow } from './log-columns.ts';
import { bestCandidate, unchanged } from './redecide.ts';
import { whatIfLines } from './what-if-text.ts';

const usual: ReplayRow = {
  atMs: 0,
  customer: 'acme',
  job: 'support',
  model: 'alpha/strong',
  host: 'alpha',
  costNanos: 1_000_000n,
  chargeNanos: 1_500_000n,
  isPassedOn: false,
  valueNanos: 100_000_000,
  candidates: [],
  otherHosts: [],
};

function columns(rows: readonly Partial<ReplayRow>[]): LogColumns {
  const log = new LogColumns();
  for (const row of rows) log.add({ ...usual, ...row });
  return log;
}

const candidate = (model: string, quality: number, costNanos: number): ReplayCandidate => ({
  model,
  quality,
  costNanos,
  utility: quality - costNanos / usual.valueNanos,
  isExcluded: false,
});

describe('another price', () => {
  it('[proof 17] of 3.75 times costs exactly 275 % more on every mix, to the nano', () => {
    const log = columns(
      Array.from({ length: 19_366 }, (_, at) => ({
        customer: `customer-${at % 7}`,
        // 0.4 and 2 dollars per million of input and output.
        costNanos: BigInt(400 * ((at * 37) % 4_096) + 2_000 * ((at * 11) % 1_024)),
      })),
    );
    const report = askPrice(log, { subject: 'alpha', ratioPpm: 3_750_000n });
    expect(report?.frozen.changePpm).toBe(2_750_000n);
    expect((report?.frozen.costNanos ?? 0n) * 4n).toBe((report?.costNanos ?? 0n) * 15n);
  });

  it('is borne by the margin of customers with a charge of their own, not by those who pay the cost', () => {
    const log = columns([{ customer: 'own' }, { customer: 'passed', isPassedOn: true, chargeNanos: 1_000_000n }]);
    const report = askPrice(log, { subject: 'strong', ratioPpm: 1_200_000n });
    expect(report?.customers.map(({ customer, frozenMarginDeltaNanos }) => [customer, frozenMarginDeltaNanos])).toEqual(
      [
        ['own', -200_000n],
        ['passed', 0n],
      ],
    );
  });

  it('knows customers without a plan as those who pay the cost, whatever was absorbed of it', () => {
    const source = { fromMs: 0, toMs: 10, maxRows: 10, ruleOf: () => ({ judge: () => 'unknown' as const }) as never };
    const builder = new ColumnBuilder(source);
    const ended = { type: 'final', atMs: 1, model: 'strong', host: 'alpha', costNanos: '100', customer: 'walk-in' };
    builder.add({ ...ended, requestId: 'r1', chargeNanos: '90', planVersionId: 'at-cost@1' } as unknown as Fact);
    const report = askPrice(builder.build(), { subject: 'strong', ratioPpm: 2_000_000n });
    expect(report?.customers).toMatchObject([{ customer: 'walk-in', frozenMarginDeltaNanos: 0n }]);
    expect(report && whatIfLines(report).join('\n')).toMatch(/as it was +\$\S+ +\+\$\S+ +\+100 %/);
  });

  it('moves requests to another model when routing decides again, and only then saves', () => {
    const candidates = [candidate('alpha/strong', 0.9, 1_000_000), candidate('beta/other', 0.89, 1_500_000)];
    const log = columns(Array.from({ length: 10 }, () => ({ candidates })));
    const doubled = askPrice(log, { subject: 'alpha', ratioPpm: 20_000_000n });
    expect(doubled?.frozen).toMatchObject({ costNanos: 200_000_000n, moved: 0 });
    expect(doubled?.redecided).toMatchObject({ costNanos: 15_000_000n, moved: 10, unserved: 0 });
    expect(doubled?.redecided.successDelta).toBeCloseTo(-0.1, 5);
    expect(askPrice(log, { subject: 'alpha', ratioPpm: 1_100_000n })?.redecided.moved).toBe(0);
  });

  it('draws requests to a model that has become cheap', () => {
    const candidates = [candidate('alpha/strong', 0.9, 40_000_000), candidate('beta/other', 0.6, 1_000_000)];
    const log = columns([{ model: 'beta/other', host: 'beta', candidates }, { candidates }]);
    const cheaper = askPrice(log, { subject: 'alpha', ratioPpm: 100_000n });
    expect(cheaper?.redecided).toMatchObject({ moved: 1 });
    expect(cheaper?.redecided.successDelta).toBeCloseTo(0.3, 5);
  });

  it('of something that the log never used is no question', () => {
    expect(askPrice(columns([{}]), { subject: 'nobody', ratioPpm: 2_000_000n })).toBeUndefined();
    expect(askLoss(columns([{}]), { host: 'nobody' })).toBeUndefined();
  });
});

describe('a lost host', () => {
  it('leaves unserved what no other host or model answers, frozen and decided again', () => {
    const candidates = [candidate('alpha/strong', 0.9, 1_000_000), candidate('beta/other', 0.8, 500_000)];
    const log = columns([
      { candidates },
      { candidates: [] },
      { model: 'beta/other', host: 'beta' },
      { model: 'shared', host: 'alpha', otherHosts: ['beta'] },
    ]);
    const report = askLoss(log, { host: 'alpha' });
    expect(report?.frozen).toMatchObject({ unserved: 2, moved: 1 });
    expect(report?.redecided).toMatchObject({ unserved: 1, moved: 2 });
    expect(report?.redecided.successDelta).toBeCloseTo(-0.1, 5);
  });

  it('[proof 18] with room for 60 % of the rest leaves the other 40 % unserved, and says so', () => {
    const log = columns(Array.from({ length: 100 }, () => ({ otherHosts: ['beta'] })));
    const report = askLoss(log, { host: 'alpha', roomPpm: 600_000 });
    expect(report?.frozen).toMatchObject({ moved: 60, unserved: 40 });
    expect(report?.redecided).toMatchObject({ unserved: 40 });
    expect(report?.customers[0]).toMatchObject({ unserved: 40, frozenMarginDeltaNanos: -20_000_000n });
  });

  it('respects what other hosts take in a minute, their own traffic included', () => {
    const own = Array.from({ length: 5 }, () => ({ model: 'shared', host: 'beta' }));
    const lost = Array.from({ length: 10 }, (_, at) => ({ model: 'shared', atMs: at < 5 ? 0 : 60_000 }));
    const report = askLoss(columns([...own, ...lost]), { host: 'alpha', requestsPerMinute: new Map([['beta', 8]]) });
    expect(report?.frozen).toMatchObject({ moved: 8, unserved: 2 });
  });
});

describe('exposure', () => {
  const rowsOf = (model: string, host: string, count: number): Partial<ReplayRow>[] =>
    Array.from({ length: count }, () => ({ model, host }));

  it('counts a job without a proven alternative at the cap, and one with an equal at nothing', () => {
    const log = columns([...rowsOf('a', 'alpha', 400), ...rowsOf('b', 'beta', 300)]);
    for (let row = 0; row < log.count; row++) log.judge(row, row % 10 === 0 ? 0 : 1);
    const alike = askPrice(log, { subject: 'a', ratioPpm: 2_000_000n })?.exposure;
    expect(alike?.jobs[0]).toMatchObject({ model: 'a', alternative: undefined });
    const many = columns([...rowsOf('a', 'alpha', 4_000), ...rowsOf('b', 'beta', 3_000)]);
    for (let row = 0; row < many.count; row++) many.judge(row, row % 10 === 0 ? 0 : 1);
    const exposure = askPrice(many, { subject: 'a', ratioPpm: 2_000_000n })?.exposure;
    expect(exposure).toMatchObject({ index: 0, coveredShare: 1 });
    expect(exposure?.jobs[0]).toMatchObject({ alternative: 'b', switchCost: 0 });
  });

  it('[proof 21] shows no switch cost where nothing is proven, and counts it at the cap', () => {
    const exposure = askPrice(columns(rowsOf('a', 'alpha', 10)), { subject: 'a', ratioPpm: 2_000_000n })?.exposure;
    expect(exposure).toMatchObject({ index: 1, coveredShare: 0 });
    expect(exposure?.jobs[0]?.switchCost).toBeUndefined();
    expect(exposure?.byHost?.spend).toEqual({ hhi: 10_000, effectiveCount: 1 });
  });
});

describe('a choice made again', () => {
  it('is the one that the router itself makes at the new prices', () => {
    const one = fc.record({
      quality: fc.double({ min: 0, max: 1, noNaN: true }),
      cost: fc.integer({ min: 1, max: 10_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 2, maxLength: 8 }), fc.integer({ min: 1, max: 8 }), (all, factor) => {
        const log = columns([{ candidates: all.map(({ quality, cost }, at) => candidate(`m${at}`, quality, cost)) }]);
        const circumstance = unchanged(log.models.size);
        circumstance.costFactor[log.models.find('m0') ?? 0] = factor;
        const place = bestCandidate(log, 0, circumstance);
        const chosen = routerChoice(
          all.map(({ quality, cost }, at) => ({ quality, cost: at === 0 ? cost * factor : cost })),
        );
        const byName = log.models.name(log.candidateModel[place] ?? 0);
        // Equal utilities may differ in the last digit of a float: only clear cases are compared.
        if (chosen.gap > 1e-9) expect(byName).toBe(chosen.model);
      }),
      { numRuns: 200 },
    );
  });
});

function routerChoice(all: readonly { quality: number; cost: number }[]): { model: string; gap: number } {
  const candidates = all.map((_, at) => ({ model: `m${at}`, inputNanosPerToken: 0, outputNanosPerToken: 0 }));
  const quality = Float64Array.from(all, (one) => one.quality);
  const flat = new Float64Array(all.length);
  const estimates = {
    candidates,
    quality,
    trusted: quality,
    evidence: flat,
    gapErrors: flat,
    latencyMs: flat,
    costNanos: Float64Array.from(all, ({ cost }) => cost),
    level: 'job',
    reference: -1,
  } as Estimates;
  const input = { state: { id: 's' }, candidates, tradeoff: { valueNanos: usual.valueNanos }, seed: 1 };
  const choice = chooseByEstimates(estimates, input as unknown as Parameters<typeof chooseByEstimates>[1]);
  if (Fault.is(choice)) throw choice;
  const sorted = [...choice.utilities].sort((left, right) => right - left);
  return { model: choice.model, gap: (sorted[0] ?? 0) - (sorted[1] ?? 0) };
}

describe('exact sums', () => {
  it('stay exact far beyond what numbers hold', () => {
    const sums = new ExactSums(1);
    for (let round = 0; round < 5_000; round++) sums.add(3, 2 ** 50 + 1);
    expect(sums.of(3)).toBe(5_000n * (2n ** 50n + 1n));
    expect(sums.total()).toBe(sums.of(3));
  });
});
