import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../platform/random.ts';
import type { CandidatePolicy, JobPolicy } from './candidate-policy.ts';
import { compareWithBaseline } from './compare-with-baseline.ts';
import { evaluatePolicy } from './evaluate-policy.ts';
import type { LoggedDecision } from './logged-decision.ts';

const usual: JobPolicy = { models: undefined, valueNanos: 1e9, costWeight: 1, nanosPerSecond: 0, floor: undefined };
const onlyCheap: CandidatePolicy = { jobs: new Map([['support', { ...usual, models: ['cheap'] }]]) };

/** A log that takes `strong` mostly; both models are expected to be alike, and the outcomes tell them apart. */
function logOf(count: number, of: { seed?: number; explored?: number; observed?: number } = {}): LoggedDecision[] {
  const random = createSeededRandom(of.seed ?? 1);
  const explored = of.explored ?? 0.3;
  return Array.from({ length: count }, (_, at) => {
    const chosen = random.unit() < explored ? 1 : 0;
    const isRight = random.unit() < (chosen === 0 ? 0.9 : 0.7);
    return {
      requestId: String(at),
      atMs: at,
      job: 'support',
      jobVersion: 'support@1',
      kind: 'plain',
      candidates: [
        {
          model: 'strong',
          quality: 0.8,
          costNanos: 10_000_000,
          latencyMs: 900,
          propensity: 1 - explored,
          isExcluded: false,
        },
        { model: 'cheap', quality: 0.8, costNanos: 1_000_000, latencyMs: 300, propensity: explored, isExcluded: false },
      ],
      chosen,
      reward: random.unit() < (of.observed ?? 1) ? Number(isRight) : undefined,
      costNanos: chosen === 0 ? 12_000_000 : 1_100_000,
      latencyMs: chosen === 0 ? 1_000 : 250,
      segments: { length: at % 2 === 0 ? 'short' : 'long' },
    };
  });
}

describe('the value of another policy', () => {
  it('is found from the log of this one: quality, cost and latency, with an interval', () => {
    const { all } = evaluatePolicy(logOf(4_000), onlyCheap);
    expect(all.refusals).toEqual([]);
    expect(all.metrics.quality?.candidate.drClip).toBeCloseTo(0.7, 1);
    expect(all.metrics.quality?.logged).toBeCloseTo(0.84, 1);
    const [lower = 0, upper = 0] = all.metrics.quality?.difference.interval ?? [];
    expect(lower).toBeLessThan(-0.14);
    expect(upper).toBeGreaterThan(-0.14);
    expect(upper).toBeLessThan(0);
    expect(all.metrics.costNanos?.candidate.drClip).toBeCloseTo(1_100_000, -4);
    expect(all.metrics.latencyMs?.candidate.drClip).toBeCloseTo(250, -1);
    expect(all.changed).toBeGreaterThan(2_500);
  });

  it('is the same when outcomes are told of a third only: what is missing is no failure', () => {
    const { all } = evaluatePolicy(logOf(6_000, { observed: 0.33 }), onlyCheap);
    expect(all.metrics.quality?.candidate.drClip).toBeCloseTo(0.7, 1);
    expect(all.observed).toBeLessThan(2_200);
    expect(all.effectiveSize).toBeLessThan(700);
  });

  it('has an interval that holds the truth in nineteen of twenty logs', () => {
    let covered = 0;
    for (let seed = 0; seed < 40; seed++) {
      const [lower = 1, upper = 0] =
        evaluatePolicy(logOf(800, { seed }), onlyCheap).all.metrics.quality?.candidate.interval ?? [];
      if (lower <= 0.7 && 0.7 <= upper) covered++;
    }
    expect(covered / 40).toBeGreaterThan(0.88);
  });

  it('is broken down by job and by segment, each with its own effective size', () => {
    const { segments } = evaluatePolicy(logOf(2_000), onlyCheap);
    expect(segments.map(({ segment }) => segment)).toEqual(['job support', 'length short', 'length long']);
    for (const { effectiveSize } of segments) expect(effectiveSize).toBeGreaterThan(200);
  });

  it('of the same policy differs by nothing', () => {
    const same = { jobs: new Map([['support', { ...usual, models: ['strong'] }]]) };
    const { all } = evaluatePolicy(logOf(1_000, { explored: 0 }), same);
    expect(all.metrics.quality?.difference.mean).toBeCloseTo(0, 12);
    expect(all.changed).toBe(0);
  });

  it('keeps the floor: what is expected to be worse than the incumbent is not chosen', () => {
    const floor = { incumbent: 'strong', margin: 0.02 };
    const log = logOf(1_000).map((row) => ({
      ...row,
      candidates: row.candidates.map((one) => (one.model === 'cheap' ? { ...one, quality: 0.7 } : one)),
    }));
    const { all } = evaluatePolicy(log, { jobs: new Map([['support', { ...usual, floor }]]) });
    expect(all.metrics.costNanos?.candidate.drClip).toBeGreaterThan(11_000_000);
  });
});

describe('a conclusion is refused', () => {
  const reasonsOf = (log: readonly LoggedDecision[]): string[] =>
    evaluatePolicy(log, onlyCheap).all.refusals.map(({ reason }) => reason);

  it('when the log never tries what the policy would take', () => {
    expect(reasonsOf(logOf(2_000, { explored: 0 }))).toContain('propensity-zero');
  });

  it('when a propensity is missing', () => {
    const log = logOf(2_000).map((row, at) => (at === 7 ? { ...row, chosen: -1 } : row));
    expect(reasonsOf(log)).toEqual(['propensity-missing']);
  });

  it('when the outcomes are worth fewer than two hundred', () => {
    expect(reasonsOf(logOf(300))).toEqual(['few-outcomes']);
  });

  it('when the settings changed within the window, naming since when the last ones hold', () => {
    const log = logOf(2_000).map((row) => (row.atMs < 500 ? row : { ...row, jobVersion: 'support@2' }));
    const { refusals } = evaluatePolicy(log, onlyCheap).all;
    expect(refusals.map(({ reason }) => reason)).toEqual(['policy-changed']);
    expect(refusals[0]?.detail).toContain('1970-01-01T00:00:00.500Z');
  });

  it('when a cascade answered some requests, which would otherwise be missing just where one model was drawn', () => {
    // Where the cheap one is drawn for a long prompt a chain answers: what is left of it is better than it is.
    const log = logOf(4_000).map((row) => {
      const isChain = row.chosen === 1 && row.segments['length'] === 'long';
      return isChain ? { ...row, kind: 'chain' as const, reward: 1 } : row;
    });
    const { all, segments } = evaluatePolicy(log, onlyCheap);
    expect(all.refusals.map(({ reason }) => reason)).toEqual(['chains-used']);
    expect(all.refusals[0]?.detail).toMatch(/^\d+ of 4000 requests were answered by a cascade/);
    expect(all.requests).toBe(4_000);
    expect(segments.filter(({ refusals }) => refusals.length === 0).map(({ segment }) => segment)).toEqual([
      'length short',
    ]);
    expect(compareWithBaseline(log, { job: 'support', baseline: 'strong', margin: 0.02 })).toMatchObject({
      isProven: false,
      difference: undefined,
      detail: expect.stringContaining('a cascade of models'),
    });
  });

  it('when a rollout divided the requests, and each side knew only some of the models', () => {
    const log = logOf(2_000).map((row, at) => (at < 10 ? { ...row, kind: 'divided' as const } : row));
    expect(reasonsOf(log)).toEqual(['rollout-divided']);
    expect(reasonsOf(log.slice(0, 10))).toEqual(['rollout-divided']);
  });

  it('when no decision is about its jobs', () => {
    expect(evaluatePolicy(logOf(10), { jobs: new Map() }).all.refusals[0]?.reason).toBe('no-decisions');
  });
});
