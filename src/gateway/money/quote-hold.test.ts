import { describe, expect, it } from 'vitest';
import type { Endpoint, PricedEndpoint } from '../../domain/calls/endpoint.ts';
import { atCostPlan } from '../../domain/charges/plan.ts';
import { priceFromTexts } from '../../catalog/index.ts';
import { type QuotedCall, quoteAt, quoteDearest } from './quote-hold.ts';

const cheap = { id: 'cheap/small' } as Endpoint;
const dear = { id: 'dear/small' } as Endpoint;
const unpriced = { id: 'unpriced/small' } as Endpoint;
const texts: { readonly [endpoint: string]: { readonly [bucket: string]: string } } = {
  'cheap/small': { input: '0.4', output: '1.6' },
  'dear/small': { input: '3', output: '15' },
};

function priceOf({ id }: Endpoint): PricedEndpoint {
  const found = texts[id];
  return { price: found && priceFromTexts(found) } as PricedEndpoint;
}

const call: QuotedCall = {
  plan: atCostPlan,
  model: 'small',
  job: undefined,
  atMs: 0,
  inputTokens: 1200,
  writesCache: false,
  priceOf,
};

describe('the amount that is held for a call', () => {
  it('[money 43] is that of the dearest endpoint it may fall back to, wherever that stands in the list', () => {
    // 1,200 at $3 and 4,096 at $15 per million.
    expect(quoteDearest(call, [cheap, dear], 4096)).toBe(65_040_000n);
    expect(quoteDearest(call, [dear, cheap], 4096)).toBe(65_040_000n);
    expect(quoteDearest(call, [cheap], 4096)).toBe(7_033_600n);
  });

  it('is unknown, not 0, at an endpoint whose price is unknown', () => {
    expect(quoteAt(call, unpriced, 4096)).toBeNull();
  });
});
