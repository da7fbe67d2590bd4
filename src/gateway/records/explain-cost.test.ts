import { expect, test } from 'vitest';
import type { AttemptFact, FinalFact } from '../../domain/facts/facts.ts';
import { atCostPlan } from '../../domain/charges/plan.ts';
import type { Price } from '../../domain/rating/price.ts';
import { explainCost } from './explain-cost.ts';
import { toExchangeRecord } from './exchange-record.ts';

const requestId = `req_${'a'.repeat(32)}`;
const price: Price = { versionId: 'price_1', picosPerUnit: { input: 2_000_000n, output: 8_000_000n } };
const plan = { ...atCostPlan, versionId: 'reseller@1', name: 'reseller', markupPpm: 200_000n };
const attempt: AttemptFact = {
  type: 'attempt',
  requestId,
  attempt: 1,
  host: 'own',
  upstreamModel: 'llama',
  dialect: 'openai-chat',
  startedAtMs: 1_790_000_000_000,
  totalMs: 10,
  usage: { input: 10, output: 5 },
  costNanos: '60000',
  priceVersionId: 'price_1',
  flags: [],
};
const final: FinalFact = {
  type: 'final',
  requestId,
  atMs: 1_790_000_000_010,
  status: 'completed',
  httpStatus: 200,
  key: 'k',
  customer: 'acme',
  model: 'llama',
  attempts: 1,
  costNanos: '60000',
  chargeNanos: '72000',
  planVersionId: 'reseller@1',
  cache: 'bypass',
  totalMs: 10,
};

function explain(facts: readonly (AttemptFact | FinalFact)[], known = { price, plan }) {
  const record = toExchangeRecord(requestId, facts);
  if (!record) throw new Error('there are no facts');
  const pricedBy = ({ priceVersionId }: AttemptFact) =>
    priceVersionId === known.price.versionId ? { price: known.price } : undefined;
  return explainCost(record, { pricedBy, plan: known.plan });
}

test('the arithmetic of cost, charge and margin agrees with the journal', () => {
  const explained = explain([attempt, final]);
  expect(explained.attempts[0]).toMatchObject({ isConfirmed: true, rating: { costNanos: '60000' } });
  expect(explained.charge).toMatchObject({ isConfirmed: true, chargeNanos: '72000' });
  expect(explained.charge?.text).toContain('markup: cost 60000 × 1.2 = 72000 nano-USD');
  expect(explained.marginNanos).toBe('12000');
});

test('a figure that its own versions do not give is told', () => {
  const explained = explain([
    { ...attempt, costNanos: '60001' },
    { ...final, chargeNanos: '1' },
  ]);
  expect(explained.attempts[0]?.isConfirmed).toBe(false);
  expect(explained.charge?.isConfirmed).toBe(false);
});

test('versions that nobody knows any more are no guess', () => {
  const explained = explain([
    { ...attempt, priceVersionId: 'price_0' },
    { ...final, planVersionId: 'old@1' },
  ]);
  expect(explained.attempts[0]).toMatchObject({ rating: null, isConfirmed: null, costNanos: '60000' });
  expect(explained.charge).toMatchObject({ isConfirmed: null, text: ['plan old@1 is not known here'] });
});

test('what brought the client nothing is absorbed, and its charge is 0', () => {
  const lost: AttemptFact = { ...attempt, fault: 'upstream_quota' };
  const explained = explain([lost, { ...final, status: 'failed', chargeNanos: '0', absorbedNanos: '60000' }]);
  expect(explained.charge).toMatchObject({ isConfirmed: true });
  expect(explained.charge?.text.join('\n')).toContain('absorbed, charged to nobody: 60000 nano-USD');
  expect(explained.marginNanos).toBe('-60000');
});
