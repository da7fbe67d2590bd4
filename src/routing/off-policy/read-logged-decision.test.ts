import { describe, expect, it } from 'vitest';
import type { DecisionFact, RoutedCandidateFact } from '../../domain/facts.ts';
import type { LoggedExchange } from '../../domain/exchange-log.ts';
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

function excludedIn(candidate: RoutedCandidateFact): boolean | undefined {
  const routing = { candidates: [candidate], inputTokens: 10 };
  const decision = { atMs: 1, model: 'm', routing } as unknown as DecisionFact;
  const exchange = { final: { requestId: 'r', totalMs: 5 }, decision, outcomes: [], costNanos: 1n };
  const rule = { judge: () => 'unknown' as const };
  const row = readLoggedDecision(exchange as unknown as LoggedExchange, rule as never);
  return row?.candidates[0]?.isExcluded;
}

describe('a candidate in the log', () => {
  it('is out for every policy when it could not answer, and only for the logging one when its floor kept it out', () => {
    expect(excludedIn(plain)).toBe(false);
    expect(excludedIn({ ...plain, excluded: 'any words', excludedBy: 'floor' })).toBe(false);
    expect(excludedIn({ ...plain, excluded: 'its circuit is open', excludedBy: 'eligibility' })).toBe(true);
    expect(excludedIn({ ...plain, costNanos: null })).toBe(true);
  });
});
