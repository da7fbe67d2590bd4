import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { ExplorationBudget } from './exploration-budget.ts';
import { type Demands, unfit } from './unfit.ts';

const nothing: Demands = {
  capabilities: [],
  inputTokens: 100,
  contextTokens: undefined,
  regions: undefined,
  dataPolicy: undefined,
  inputPicos: undefined,
  outputPicos: undefined,
  needsPrice: false,
};
const priced = { inputPicos: 1000n, outputPicos: 4000n };

function reasonOf(endpoint: object, demands: Partial<Demands>, prices = priced): string | undefined {
  const plain = { id: 'h/m', weight: 1, limits: {}, capabilities: {}, host: { id: 'h' } };
  return unfit({ ...plain, ...endpoint } as unknown as Endpoint, { ...nothing, ...demands }, prices);
}

describe('what an endpoint may not take', () => {
  it.each([
    ['a stated lack', { capabilities: { tools: false } }, { capabilities: ['tools'] }, 'does not support tools'],
    ['a small window', { limits: { contextTokens: 4000 } }, { contextTokens: 8000 }, 'under 8000 tokens'],
    ['a long prompt', { limits: { contextTokens: 4000 } }, { inputTokens: 9000 }, 'exceeds its context window'],
    ['another region', { region: 'us-east-1' }, { regions: ['eu-central-1'] }, 'its region is us-east-1'],
    ['an unknown region', {}, { regions: ['eu-central-1'] }, 'its region is unknown'],
    ['a promise that is not made', {}, { dataPolicy: 'no-training' }, 'does not promise no-training'],
    ['a price over the ceiling', {}, { outputPicos: 3999n }, 'output price is over'],
    ['no share of traffic', { weight: 0 }, {}, 'weight is 0'],
  ] as const)('is told of %s', (...[what, endpoint, demands, reason]) => {
    expect(reasonOf(endpoint, { ...demands } as Partial<Demands>), what).toContain(reason);
  });

  it('is nothing that nobody states, and what is promised beyond the demand', () => {
    expect(reasonOf({}, { capabilities: ['tools'], contextTokens: 8000 })).toBeUndefined();
    const host = { id: 'h', dataPolicy: 'no-retention' };
    expect(reasonOf({ host }, { dataPolicy: 'no-training' })).toBeUndefined();
    expect(reasonOf({}, { inputPicos: 1000n, outputPicos: 4000n })).toBeUndefined();
  });

  it('never takes an unknown price for a low one', () => {
    const unknown = { inputPicos: undefined, outputPicos: undefined } as unknown as typeof priced;
    expect(reasonOf({}, { needsPrice: true }, unknown)).toContain('price is unknown');
    expect(reasonOf({}, { inputPicos: 1n }, unknown)).toContain('price is unknown');
    expect(reasonOf({}, {}, unknown)).toBeUndefined();
  });
});

describe('the money of exploration', () => {
  it('is a share of what the job spends, at most so much a day, and none without a setting', () => {
    const budget = new ExplorationBudget();
    const limits = { maxShare: 0.1, nanosPerDay: 50 };
    const at = { nowMs: 0, outcomes: 0 };
    const left = (): number => budget.policyOf('j', limits, at)?.allowanceNanos ?? Number.NaN;
    expect(budget.policyOf('j', undefined, at)).toBeUndefined();
    expect(left()).toBe(0);
    budget.note('j', { chosenNanos: 200, bestNanos: 200 }, 0);
    expect(left()).toBe(20);
    budget.note('j', { chosenNanos: 1000, bestNanos: 985 }, 0);
    expect(left()).toBe(35);
    expect(budget.policyOf('j', limits, { nowMs: 86_400_000, outcomes: 0 })?.allowanceNanos).toBe(0);
  });
});
