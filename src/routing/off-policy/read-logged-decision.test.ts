import { describe, expect, it } from 'vitest';
import type { DecisionFact, RoutedCandidateFact } from '../../domain/facts/facts.ts';
import type { LoggedExchange } from '../../domain/facts/exchange-log.ts';
import type { LoggedDecision } from './logged-decision.ts';
import { readLoggedDecision } from './read-logged-decision.ts';

const plain: RoutedCandidateFact = {
  model: 'm',
  quality: 0.8,
  lower: 0.7,
  evidence: 5,
  costNanos: '100',
  latencyMs: 10,
  utility: 0,
  propensity: 0.5,
};

function read(candidate: RoutedCandidateFact, about: Partial<DecisionFact> = {}): LoggedDecision | undefined {
  const routing = { candidates: [candidate], inputTokens: 10 };
  const decision = { atMs: 1, model: 'm', routing, ...about } as unknown as DecisionFact;
  const exchange = { final: { requestId: 'r', totalMs: 5 }, decision, outcomes: [], costNanos: 1n };
  const rule = { judge: () => 'unknown' as const };
  return readLoggedDecision(exchange as unknown as LoggedExchange, rule as never);
}

function excludedIn(candidate: RoutedCandidateFact): boolean | undefined {
  return read(candidate)?.candidates[0]?.isExcluded;
}

describe('a candidate in the log', () => {
  it('is out for every policy when it could not answer, and only for the logging one when its floor kept it out', () => {
    expect(excludedIn(plain)).toBe(false);
    expect(excludedIn({ ...plain, excluded: 'any words', excludedBy: 'floor' })).toBe(false);
    expect(excludedIn({ ...plain, excluded: 'its circuit is open', excludedBy: 'eligibility' })).toBe(true);
    expect(excludedIn({ ...plain, costNanos: null })).toBe(true);
  });
});

describe('a decision in the log', () => {
  const chain = { stages: ['small', 'm'], single: 'm', success: 0.9, costNanos: '40' };
  const cascade = chain as unknown as NonNullable<DecisionFact['cascade']>;

  it('is that of a chain when one answered, which is told apart where nothing was held out of it', () => {
    const logged = read(plain, { model: 'small', cascade });
    expect(logged).toMatchObject({ kind: 'chain', chosen: 1 });
    expect(logged?.candidates).toMatchObject([
      { model: 'm', propensity: 0 },
      { model: 'small > m', propensity: 0.5, costNanos: 40, isExcluded: true },
    ]);
    expect(read(plain)).toMatchObject({ kind: 'plain', chosen: 0 });
  });

  it('has the chance of the draw times that of being held out, whichever came of it', () => {
    const asked = read(plain, { model: 'small', cascade: { ...cascade, propensity: 0.9 } });
    expect(asked).toMatchObject({ kind: 'plain', chosen: 1 });
    expect(asked?.candidates[1]?.propensity).toBeCloseTo(0.45);
    const heldOut = read(plain, { heldOutCascade: { ...cascade, propensity: 0.1 } });
    expect(heldOut).toMatchObject({ kind: 'plain', chosen: 0 });
    expect(heldOut?.candidates[0]?.propensity).toBeCloseTo(0.05);
  });

  it('is divided only by a rollout that had a chance of either side', () => {
    const rollout = { id: 'rollout_1', arm: 'incumbent' as const, propensity: 0.9 };
    expect(read(plain, { rollout })?.kind).toBe('divided');
    expect(read(plain, { rollout: { ...rollout, propensity: 1 } })?.kind).toBe('plain');
  });
});
