import { expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { RateRule, SpendingRules } from './contract.ts';
import { type RedisClient, RedisRates } from './redis-rates.ts';
import { ReservationGate } from './reservation-gate.ts';
import type { SharedAnswer, SharedRates, SharedUse } from './shared-rates.ts';

const clock = { nowMs: () => 0, monotonicMs: () => 0 };
const spender = { customer: 'acme', key: 'web' };
const rate: RateRule = { scope: 'key', name: 'web', requestsPerMinute: 6, concurrent: 6 };
const budget = {
  id: 'b',
  scope: 'customer',
  name: 'acme',
  limitNanos: 10n,
  period: 'lifetime',
  isHard: true,
} as const;
const rules = (extra: Partial<SpendingRules> = {}): SpendingRules => {
  return { budgets: [], rates: [rate], timeZone: 'UTC', timeZones: new Map(), ...extra };
};

/** A store whose answers are written down. */
class WrittenRates implements SharedRates {
  answer: SharedAnswer = { kind: 'taken' };
  readonly log: string[] = [];
  take({ exchangeId, meters }: SharedUse): Promise<SharedAnswer> {
    this.log.push(`take ${exchangeId} of ${meters.map(({ id }) => id).join()}`);
    return Promise.resolve(this.answer);
  }
  giveBack({ exchangeId }: SharedUse, { usedTokens, isUndone }: { usedTokens: number; isUndone: boolean }): void {
    this.log.push(`${isUndone ? 'undo' : 'end'} ${exchangeId} ${usedTokens}`);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

function gateWith(sharedRates: SharedRates, extra?: Partial<SpendingRules>) {
  const gate = new ReservationGate({ clock, sharedRates });
  gate.setRules(rules(extra));
  gate.setShare({ count: 3, place: 0 });
  let made = 0;
  const admit = () => {
    const exchangeId = `x${(made += 1)}`;
    return gate.admit({ exchangeId, spender, amountNanos: 4n, tokensEstimate: 100, atMs: 0 });
  };
  return { gate, admit };
}

it('limits that are counted together give a gateway more than its share, and what is over is told', async () => {
  const shared = new WrittenRates();
  const { admit } = gateWith(shared);
  for (let request = 0; request < 5; request += 1) expect(Fault.is(await admit())).toBe(false);
  const hold = await admit();
  if (Fault.is(hold)) throw hold;
  hold.settle(1n, 0, 70);
  hold.settle(1n, 0, 70);
  expect(shared.log.at(0)).toBe('take x1 of ["key","","web",""]');
  expect(shared.log.slice(-1)).toEqual(['end x6 70']);
  shared.answer = { kind: 'refused', meter: 0, limit: 'requests', waitMs: 9000 };
  expect(await admit()).toMatchObject({ code: 'rate_limited', retryAfterMs: 9000 });
});

it('what a budget refuses afterwards never asked for a place', async () => {
  const shared = new WrittenRates();
  const { admit } = gateWith(shared, { budgets: [budget] });
  await admit();
  await admit();
  expect(await admit()).toMatchObject({ code: 'budget_exceeded' });
  expect(shared.log.slice(-2)).toEqual([expect.stringMatching(/^take x3/), 'undo x3 0']);
});

it('a gateway keeps to its share while the store is away', async () => {
  const shared = new WrittenRates();
  shared.answer = { kind: 'away' };
  const { admit } = gateWith(shared);
  expect(Fault.is(await admit())).toBe(false);
  expect(Fault.is(await admit())).toBe(false);
  expect(await admit()).toMatchObject({ code: 'rate_limited' });
});

it('a store that does not answer is left alone for a moment, and nobody waits for it meanwhile', async () => {
  let nowMs = 0;
  let asked = 0;
  const silent: RedisClient = {
    status: 'ready',
    eval: () => ((asked += 1), new Promise(() => undefined)),
    on: () => undefined,
    disconnect: () => undefined,
  };
  const rates = new RedisRates({
    client: silent,
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    logger: silentLogger,
    answerMs: 5,
  });
  const use = { exchangeId: 'x', meters: [{ id: 'm', concurrent: 1 }], tokens: 1 };
  expect(await rates.take(use)).toEqual({ kind: 'away' });
  const before = asked;
  expect(await rates.take(use)).toEqual({ kind: 'away' });
  expect(asked).toBe(before);
  nowMs = 1500;
  await rates.take(use);
  expect(asked).toBeGreaterThan(before);
  await rates.close();
});
