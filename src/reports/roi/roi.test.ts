import { describe, expect, it } from 'vitest';
import type { LoggedExchange } from '../../domain/facts/exchange-log.ts';
import type { FinalFact, OutcomeFact } from '../../domain/facts/facts.ts';
import { isRuleProblem, readSuccessRule } from '../../domain/outcomes/success-rule.ts';
import { measureRoi, type RoiQuestion } from './measure-roi.ts';
import { roiPage } from './roi-page.ts';
import type { Parity } from './roi-report.ts';
import { roiLines } from './roi-text.ts';

const rule = readSuccessRule('pass.value >= 1');
if (isRuleProblem(rule)) throw new Error(rule.problem);
const question: RoiQuestion = {
  job: 'support',
  fromMs: 0,
  toMs: 86_400_000,
  rule,
  value: { lowNanos: 10_000_000n, midNanos: 20_000_000n, highNanos: 50_000_000n },
  parity: undefined,
};
const parity: Parity = {
  baseline: 'strong',
  difference: -0.001,
  lowerBound: -0.015,
  margin: 0.02,
  isProven: true,
  detail: 'measured',
};

function exchange(
  at: number,
  of: { right?: boolean; told?: OutcomeFact[]; final?: Partial<FinalFact> } = {},
): LoggedExchange {
  const requestId = `r${at}`;
  const outcome = { type: 'outcome' as const, requestId, atMs: 1, kind: 'pass', source: 'test' };
  const costNanos = of.final?.costNanos === undefined ? '1000000' : of.final.costNanos;
  return {
    final: {
      type: 'final',
      requestId,
      atMs: at,
      status: 'completed',
      httpStatus: 200,
      key: 'k',
      customer: `customer-${at % 15}`,
      model: 'cheap',
      host: 'beta',
      attempts: 1,
      costNanos,
      cache: 'bypass',
      totalMs: 5,
      job: 'support',
      ...of.final,
    },
    decision: {
      type: 'decision',
      requestId,
      decisionId: 'd',
      atMs: at,
      job: 'support',
      model: 'cheap',
      seed: 1,
      chosen: 'beta/cheap',
      ranked: [],
      excluded: [],
      reasons: [],
      propensity: 1,
      routing: {
        found: 'named',
        stateId: 's',
        decidedBy: 'best',
        level: 'job',
        hosts: [],
        hostBy: 'only',
        inputTokens: 10,
        valueNanos: '20000000',
        candidates: ['strong', 'cheap'].map((model) => ({
          model,
          quality: 0.8,
          lower: 0.7,
          evidence: 1,
          costNanos: model === 'strong' ? '10000000' : '1000000',
          latencyMs: 1,
          utility: 0,
          propensity: 0.5,
        })),
      },
    },
    outcomes: of.told ?? (of.right === undefined ? [] : [{ ...outcome, value: Number(of.right) }]),
    costNanos: costNanos === null ? null : BigInt(costNanos),
    chargeNanos: null,
    estimatedNanos: 0n,
    wasteNanos: at % 10 === 0 ? 100_000n : 0n,
  };
}

describe('cost per success', () => {
  it('rests on requests whose outcome is known; the others are their own count', () => {
    const log = Array.from({ length: 300 }, (_, at) => exchange(at, at < 200 ? { right: at % 4 !== 0 } : {}));
    const report = measureRoi(log, question);
    expect(report).toMatchObject({ requests: 300, successes: 150, failures: 50, unknown: 100 });
    const { costPerSuccess } = report;
    if ('atLeastNanos' in costPerSuccess) throw new Error('there are successes');
    expect(costPerSuccess.nanos).toBeCloseTo(200_000_000 / 150, 6);
    expect(costPerSuccess.interval?.[0]).toBeLessThan(costPerSuccess.nanos);
    expect(costPerSuccess.clusters).toBe('15 users');
    expect(report.returns.map(({ roi }) => roi)).toEqual([6.5, 14, 36.5]);
    expect(report.cost).toMatchObject({ totalNanos: 300_000_000n, toldNanos: 200_000_000n, wasteNanos: 3_000_000n });
    expect(roiLines(report, false).join('\n')).toMatch(/150 successes, 50 failures, 100 unknown \(33\.3 %\)/);
  });

  it('[proof 26] without a success is at least what was spent, and nothing is divided', () => {
    const report = measureRoi([exchange(1, { right: false }), exchange(2, { right: false })], question);
    expect(report.costPerSuccess).toEqual({ atLeastNanos: 2_000_000n });
    expect(roiLines(report, false).join('\n')).toContain('cost per success ≥ $0.002 (no success yet)');
    expect(roiPage(report)).toContain('≥ $0.002');
  });

  it('[proof 19] counts an outcome once, told twice, late, and takes back a retracted one', () => {
    const told = { type: 'outcome' as const, requestId: 'r1', atMs: 1, kind: 'pass', source: 'test', value: 1 };
    const twice = [
      { ...told, outcomeId: 'a', idempotencyKey: 'once' },
      { ...told, outcomeId: 'b', idempotencyKey: 'once' },
    ];
    const taken = [
      { ...told, outcomeId: 'c' },
      { ...told, outcomeId: 'd', retracts: 'c' },
    ];
    const report = measureRoi([exchange(1, { told: twice }), exchange(2, { told: taken })], question);
    expect(report).toMatchObject({ successes: 1, failures: 0, unknown: 1 });
  });

  it('[proof 20] names the rule and its version: another rule is another series', () => {
    const other = readSuccessRule('score >= 0.5');
    if (isRuleProblem(other)) throw new Error(other.problem);
    const log = [exchange(1, { right: true })];
    expect(measureRoi(log, { ...question, rule: other }).rule.version).not.toBe(measureRoi(log, question).rule.version);
    expect(measureRoi(log, { ...question, rule: other }).unknown).toBe(1);
  });

  it('leaves requests of unknown cost out of every sum, and answers for evaluations beside it', () => {
    const graded: OutcomeFact = {
      type: 'outcome',
      requestId: 'r3',
      atMs: 1,
      kind: 'score',
      value: 1,
      source: 'eval',
      runId: 'e1',
    };
    const log = [
      exchange(1, { right: true }),
      exchange(2, { final: { costNanos: null } }),
      exchange(3, { told: [graded] }),
    ];
    const report = measureRoi(log, question);
    expect(report.requests).toBe(2);
    expect(report.cost).toMatchObject({ totalNanos: 1_000_000n, unpriced: 1, evaluationNanos: 1_000_000n });
  });
});

describe('a saving', () => {
  const log = Array.from({ length: 100 }, (_, at) => exchange(at, { right: true }));

  it('is split into layers that add up to it, without credit for failed attempts; those not shown for sure are zero', () => {
    const { saving } = measureRoi(log, { ...question, parity });
    expect(saving).toMatchObject({
      baselineNanos: 990_000_000n,
      actualNanos: 100_000_000n,
      savedNanos: 890_000_000n,
    });
    expect(saving?.layers.map(({ name, savedNanos }) => [name, savedNanos])).toEqual([
      ['price and host', 0n],
      ['static best', 890_000_000n],
      ['prompt cache', 0n],
      ['prompt-level routing', 0n],
      ['verifier cascade', 0n],
    ]);
    expect(saving?.restNanos).toBe(0n);
    expect(roiLines(measureRoi(log, { ...question, parity }), false).join('\n')).not.toContain('~~');
  });

  it('has as static best nothing that is expected to be worse than may be lost, however cheap it is', () => {
    const weak = log.map(({ decision, ...one }) => {
      const candidates = decision?.routing?.candidates.map((candidate) =>
        candidate.model === 'cheap' ? { ...candidate, quality: 0.7 } : candidate,
      );
      return { ...one, decision: { ...decision, routing: { ...decision?.routing, candidates } } } as LoggedExchange;
    });
    const { saving } = measureRoi(weak, { ...question, parity });
    const layer = saving?.layers.find(({ name }) => name === 'static best');
    expect(layer).toMatchObject({ savedNanos: 0n, note: expect.stringContaining('one model for the job: strong') });
  });

  it('[proof 16] with quality three points worse at a margin of two is struck through, in text and on the page', () => {
    const worse = { ...parity, difference: -0.03, lowerBound: -0.04, isProven: false, detail: '3.0 points worse' };
    const report = measureRoi(log, { ...question, parity: worse });
    expect(roiLines(report, false).join('\n')).toContain('estimated saving ~~$0.89 (89.9 %)~~');
    expect(roiPage(report)).toMatch(/id="saving" class="struck warn"/);
    expect(roiPage(measureRoi(log, { ...question, parity }))).toMatch(/id="saving" class="good"/);
  });

  it('is drawn on a page that loads nothing and escapes every name', () => {
    const page = roiPage(measureRoi(log, { ...question, job: '<script>', parity }));
    expect(page).not.toContain('<script>');
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(page).toContain('default-src &#39;none&#39;');
  });
});
