import { describe, expect, it } from 'vitest';
import type { CascadeFact, DecisionFact, OutcomeFact } from '../../domain/facts/facts.ts';
import type { LoggedExchange } from '../../domain/facts/exchange-log.ts';
import { isRuleProblem, readSuccessRule } from '../../domain/outcomes/success-rule.ts';
import { createSeededRandom } from '../../platform/random.ts';
import type { CandidatePolicy } from './candidate-policy.ts';
import { compareWithBaseline } from './compare-with-baseline.ts';
import { evaluatePolicy } from './evaluate-policy.ts';
import type { LoggedDecision } from './logged-decision.ts';
import { readLoggedDecision } from './read-logged-decision.ts';

const rule = readSuccessRule('pass.value >= 1');
if (isRuleProblem(rule)) throw new Error(rule.problem);
const [smallCost, largeCost] = [1_000_000, 10_000_000];
const verifierError = 0.05;
const drawnLarge = 0.6;

interface World {
  readonly seed: number;
  readonly heldOutShare: number;
}

/**
 * Prompts are easy or hard. Where the large model is drawn for a hard one, the small one answers first and a verifier
 * turns down most of what is wrong: a chain is made just where models differ, and just of one of the draws.
 */
function exchangesOf(count: number, { seed, heldOutShare }: World): LoggedExchange[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const isHard = random.unit() < 0.5;
    const isSmallRight = random.unit() < (isHard ? 0.5 : 0.9);
    const isLargeRight = random.unit() < (isHard ? 0.85 : 0.95);
    const isLarge = random.unit() < drawnLarge;
    const isChained = isLarge && isHard;
    const isHeldOut = isChained && random.unit() < heldOutShare;
    const isAccepted = random.unit() < (isSmallRight ? 1 - verifierError : verifierError);
    const answersAlone = !isChained || isHeldOut;
    const bySmall = answersAlone ? !isLarge : isAccepted;
    const drafts = !answersAlone && !isAccepted ? smallCost : 0;
    const shared = { isLarge, isHeldOut, isChained, heldOutShare };
    return toExchange(at, {
      ...shared,
      model: bySmall ? 'small' : 'large',
      costNanos: (bySmall ? smallCost : largeCost) + drafts,
      isRight: bySmall ? isSmallRight : isLargeRight,
    });
  });
}

interface Drawn {
  readonly isLarge: boolean;
  readonly isHeldOut: boolean;
  readonly isChained: boolean;
  readonly heldOutShare: number;
  readonly model: string;
  readonly costNanos: number;
  readonly isRight: boolean;
}

function toExchange(at: number, drawn: Drawn): LoggedExchange {
  const { isLarge, isHeldOut, isChained, heldOutShare, model, costNanos, isRight } = drawn;
  const chain = {
    stages: ['small', 'large'],
    single: 'large',
    success: 0.8,
    costNanos: '6000000',
    ...(heldOutShare > 0 && { propensity: isHeldOut ? heldOutShare : 1 - heldOutShare }),
  } as unknown as CascadeFact;
  const candidates = [
    { model: 'small', quality: 0.75, costNanos: String(smallCost), latencyMs: 1, propensity: 1 - drawnLarge },
    { model: 'large', quality: 0.85, costNanos: String(largeCost), latencyMs: 1, propensity: drawnLarge },
  ];
  const decision = {
    atMs: at,
    job: 'support',
    model: isLarge && (!isChained || isHeldOut) ? 'large' : 'small',
    routing: { candidates, inputTokens: 10 },
    ...(isChained && (isHeldOut ? { heldOutCascade: chain } : { cascade: chain })),
  } as unknown as DecisionFact;
  const outcome = { type: 'outcome', requestId: `r${at}`, kind: 'pass', value: Number(isRight), source: 'test' };
  const final = { requestId: `r${at}`, totalMs: 1, model };
  return {
    final,
    decision,
    outcomes: [outcome as OutcomeFact],
    costNanos: BigInt(costNanos),
  } as unknown as LoggedExchange;
}

function read(exchanges: readonly LoggedExchange[], keepsCascade = false): LoggedDecision[] {
  return exchanges.flatMap((one) => readLoggedDecision(one, rule as never, { keepsCascade }) ?? []);
}

const only = (model: string): CandidatePolicy => ({
  jobs: new Map([
    ['support', { models: [model], valueNanos: undefined, costWeight: 0, nanosPerSecond: 0, floor: undefined }],
  ]),
});

/** Mean over many logs of what always choosing the large model is found to be worth, with its own standard error. */
function meanOf(keepsCascade: boolean) {
  const found = Array.from({ length: 40 }, (_, seed) => {
    const log = read(exchangesOf(600, { seed, heldOutShare: 0.25 }), keepsCascade);
    const { metrics } = evaluatePolicy(log, only('large')).all;
    return { quality: metrics.quality?.candidate, costNanos: metrics.costNanos?.candidate.drClip ?? Number.NaN };
  });
  const qualities = found.map(({ quality }) => quality?.drClip ?? Number.NaN);
  const mean = qualities.reduce((sum, one) => sum + one, 0) / found.length;
  const variance = qualities.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (found.length - 1);
  return {
    mean,
    error: Math.sqrt(variance / found.length),
    costNanos: found.reduce((sum, one) => sum + one.costNanos, 0) / found.length,
    covers: (truth: number): number =>
      found.filter(({ quality }) => quality && quality.interval[0] <= truth && truth <= quality.interval[1]).length /
      found.length,
  };
}

/** What always asking the large model brings: half the prompts are hard. */
const largeAlone = (0.85 + 0.95) / 2;
/** What drawing the large model brings where hard prompts then go through the chain. */
const accepted = 0.5 * (1 - verifierError) + 0.5 * verifierError;
const chained = 0.5 * (1 - verifierError) + (1 - accepted) * 0.85;
const largeWithChain = (chained + 0.95) / 2;
const chainCost = smallCost + (1 - accepted) * largeCost;

describe('a chain in the log', () => {
  it('is an action of its own with its exact chance: what a model alone is worth is found without bias', () => {
    const { mean, error, covers, costNanos } = meanOf(false);
    expect(Math.abs(mean - largeAlone)).toBeLessThan(3 * error);
    expect(covers(largeAlone)).toBeGreaterThan(0.85);
    expect(costNanos).toBeCloseTo(largeCost, -5);
  });

  it('goes on as logged under a policy that keeps the cascade: all drafts are in its cost, and no model is credited', () => {
    const heldOut = 0.25;
    const truth = heldOut * largeAlone + (1 - heldOut) * largeWithChain;
    const { mean, error, costNanos } = meanOf(true);
    expect(Math.abs(mean - truth)).toBeLessThan(3 * error);
    // Read as the large model's own it would be wrong by what the chain changes.
    expect(Math.abs(mean - largeAlone)).toBeGreaterThan(3 * error);
    const hard = heldOut * largeCost + (1 - heldOut) * chainCost;
    expect(Math.abs(costNanos - (hard + largeCost) / 2)).toBeLessThan(0.02 * largeCost);
  });

  it('that nothing was held out of is counted and refused, unless the policy keeps it', () => {
    const log = exchangesOf(2_000, { seed: 1, heldOutShare: 0 });
    const chains = log.filter(({ decision }) => decision?.cascade !== undefined).length;
    const { refusals } = evaluatePolicy(read(log), only('large')).all;
    expect(refusals.map(({ reason }) => reason)).toContain('chains-used');
    expect(refusals[0]?.detail).toContain(`${chains} of 2000 requests were answered by a cascade`);
    expect(evaluatePolicy(read(log, true), only('large')).all.refusals).toEqual([]);
  });

  it('leaves the parity with a baseline to be judged by what was held out', () => {
    const log = read(exchangesOf(6_000, { seed: 2, heldOutShare: 0.25 }));
    const parity = compareWithBaseline(log, { job: 'support', baseline: 'large', margin: 0.2 });
    const drawn = 0.25 * largeAlone + 0.75 * largeWithChain;
    const truth = drawnLarge * drawn + (1 - drawnLarge) * 0.7 - largeAlone;
    expect(parity?.difference).toBeCloseTo(truth, 1);
    expect(parity?.lowerBound).toBeLessThan(truth);
    expect(parity?.isProven).toBe(true);
  });
});
