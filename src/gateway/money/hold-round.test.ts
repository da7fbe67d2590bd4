import { describe, expect, it } from 'vitest';
import { atCostPlan } from '../../domain/charges/plan.ts';
import type { AttemptFact } from '../../domain/facts/facts.ts';
import type { AdmittedExchange } from '../settle.ts';
import { holdRound } from './hold-round.ts';
import type { MoneyPorts } from './money-ports.ts';

const endpoint = { id: 'own/m', host: { id: 'own' } };
/** A nano-USD for each unit. */
const money = {
  priceOf: () => ({ price: { versionId: 'p', picosPerUnit: { input: 1000n, output: 1000n, reasoning: 1000n } } }),
} as unknown as MoneyPorts;

function exchangeOf(heldNanos: bigint, limitNanos: bigint, isHard = true): AdmittedExchange {
  const hold = {
    isHard,
    amountNanos: heldNanos,
    topUpOrWait(nanos: bigint) {
      if (hold.amountNanos + nanos > limitNanos) return false;
      hold.amountNanos += nanos;
      return Promise.resolve(true);
    },
  };
  const choice = { job: undefined, decision: { ranked: [endpoint] }, policy: { maxAttempts: 3 } };
  const spending = { hold, plan: atCostPlan, choice };
  return {
    spending,
    startedAtMs: 0,
    head: { model: 'm' },
    received: { key: { name: 'k' } },
  } as unknown as AdmittedExchange;
}

const attempt = { costNanos: '5000', flags: [], usage: { input: 1, output: 1 } } as unknown as AttemptFact;

describe('money for one more call of a model', () => {
  it('is none of its business without a hard limit', async () => {
    const round = { attempts: [attempt], inputTokens: 100, outputTokens: undefined };
    expect(await holdRound(exchangeOf(0n, 0n, false), round, money)).toEqual({});
  });

  it.each([
    { heldNanos: 10_000n, limitNanos: 100_000n, outputTokens: 2000, expected: 2000 },
    { heldNanos: 5000n, limitNanos: 8000n, outputTokens: 2000, expected: 2000 },
    { heldNanos: 5000n, limitNanos: 6200n, outputTokens: 2000, expected: 1000 },
    { heldNanos: 5000n, limitNanos: 5400n, outputTokens: 2000, expected: undefined },
    { heldNanos: 5000n, limitNanos: 5400n, outputTokens: 200, expected: 200 },
    { heldNanos: 5000n, limitNanos: 9400n, outputTokens: undefined, expected: 4096 },
  ])('held $heldNanos of $limitNanos, asked $outputTokens: it may write $expected', async (one) => {
    const { heldNanos, limitNanos, outputTokens, expected } = one;
    const exchange = exchangeOf(heldNanos, limitNanos);
    const held = await holdRound(exchange, { attempts: [attempt], inputTokens: 100, outputTokens }, money);
    expect(held?.maxOutputTokens).toBe(expected);
    expect(exchange.spending.hold.amountNanos).toBeLessThanOrEqual(limitNanos > heldNanos ? limitNanos : heldNanos);
  });
});
