import { beforeEach, describe, expect, it } from 'vitest';
import type { Catalog } from '../../../catalog/index.ts';
import { routedFacts } from '../../../cli/offline/testing/routed-journal.ts';
import type { DecisionFact, Fact } from '../../../domain/facts/facts.ts';
import { defaultSuccessRule, readSuccessRule, type SuccessRule } from '../../../domain/outcomes/success-rule.ts';
import { measureReturns } from '../../returns/measure-returns.ts';
import { ReturnsDesk } from '../../returns/returns-desk.ts';
import { roiRoutes } from './roi-routes.ts';

const endMs = 1_800_000_000_000;
let facts: readonly Fact[] = [];
const routed = routedFacts({ count: 900, endMs, explored: 0.4, told: 0.8 });
const settings = { models: ['strong', 'cheap'], value: { lowUsd: '0.01', midUsd: '0.02', highUsd: '0.03' } };
const clock = { nowMs: () => endMs, monotonicMs: () => 0 };
const job = { job: 'support', settings };
const views = {
  clock,
  returns: new ReturnsDesk({
    clock,
    journalDirectory: '',
    currentCatalog: () =>
      ({ job: (name: string) => (name === 'support' ? job : undefined), jobs: () => [job] }) as unknown as Catalog,
    ruleOf: () => readSuccessRule(defaultSuccessRule) as SuccessRule,
    measure: (question) => measureReturns(read(), question),
    troubled: (error) => {
      throw error;
    },
  }),
};

async function* read(): AsyncGenerator<{ readonly fact: Fact }> {
  for (const fact of facts) yield { fact };
}

interface Prepared {
  prepare(raw: object): (call: object) => Promise<{ value: unknown }>;
}

async function ask(jobName: string, query: Record<string, readonly string[]>): Promise<unknown> {
  const [route] = roiRoutes(views) as unknown as Prepared[];
  const { value } = (await route?.prepare({ params: { jobName }, query, body: undefined })({})) ?? { value: undefined };
  return value;
}

beforeEach(() => (facts = routed));

describe('the return of a job over the control API', () => {
  it('tells cost per success, value and the saving against a baseline, amounts as text', async () => {
    expect(await ask('support', { days: ['30'], baseline: ['strong'] })).toMatchObject({
      job: 'support',
      requests: 900,
      leftOut: 0,
      costNanos: expect.stringMatching(/^[0-9]+$/),
      costPerSuccess: { nanos: expect.any(Number) },
      returns: [{ estimate: 'low' }, { estimate: 'mid' }, { estimate: 'high' }],
      saving: { baseline: 'strong', savedNanos: expect.stringMatching(/^-?[0-9]+$/), isProven: expect.any(Boolean) },
    });
  });

  it('says that nothing is proven where a cascade answered, and why', async () => {
    const cascade = {
      stages: ['cheap', 'strong'],
      single: 'strong',
      success: 0.9,
      costNanos: '1',
    } as unknown as NonNullable<DecisionFact['cascade']>;
    facts = routed.map((fact) => (fact.type === 'decision' ? { ...fact, cascade } : fact));
    expect(await ask('support', { days: ['30'], baseline: ['strong'] })).toMatchObject({
      saving: {
        isProven: false,
        detail: expect.stringContaining('900 of 900 requests were answered by a cascade of models'),
      },
    });
  });

  it('knows no unknown job, and no baseline that was never a candidate', async () => {
    await expect(ask('other', { days: ['30'] })).rejects.toThrow('There is no job other.');
    await expect(ask('support', { days: ['30'], baseline: ['stranger'] })).rejects.toThrow('was no candidate');
  });
});
