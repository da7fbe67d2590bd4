import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { BudgetRule, Hold, RateRule, Spender, SpendingNotice } from './contract.ts';
import { ReservationGate } from './reservation-gate.ts';

const noon = Date.UTC(2026, 2, 10, 12);

function setUp(budgets: readonly Partial<BudgetRule>[], rates: readonly RateRule[] = []) {
  let nowMs = noon;
  let serial = 0;
  const notices: SpendingNotice[] = [];
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const gate = new ReservationGate({ clock, notice: (notice) => notices.push(notice) });
  const rulesOf = (list: readonly Partial<BudgetRule>[]) => ({
    budgets: list.map((rule, index) => ({ ...plainRule, id: `b${index}`, ...rule })),
    rates,
    timeZone: 'UTC',
    timeZones: new Map([['berlin', 'Europe/Berlin']]),
  });
  gate.setRules(rulesOf(budgets));
  const admit = (amountNanos: bigint, spender: Spender = acme, atMs = nowMs): Hold | Fault => {
    const answer = gate.admit({ exchangeId: `x${serial++}`, spender, amountNanos, tokensEstimate: 10, atMs });
    if (answer instanceof Promise) throw new Error('nothing waits without leases');
    return answer;
  };
  return {
    gate,
    notices,
    admit,
    setBudgets: (list: readonly Partial<BudgetRule>[]) => gate.setRules(rulesOf(list)),
    advance: (ms: number) => {
      nowMs += ms;
    },
    counters: () => [...gate.counters].map((counter) => [counter.usedNanos, counter.heldNanos]),
  };
}

const plainRule: BudgetRule = {
  id: 'b',
  scope: 'customer',
  name: 'acme',
  limitNanos: 500_000_000n,
  period: 'lifetime',
  isHard: true,
};
const acme: Spender = { customer: 'acme', key: 'web', endUser: 'u1', job: 'chat', project: 'site' };

function held(answer: Hold | Fault): Hold {
  if (Fault.is(answer)) throw answer;
  return answer;
}

function refusal(answer: Hold | Fault): Fault {
  if (!Fault.is(answer)) throw new Error('it was admitted');
  return answer;
}

describe('budgets', () => {
  it('[money 40] turn a hold into what was charged and give the rest back', () => {
    const { admit, counters } = setUp([{}]);
    const hold = held(admit(65_040_000n));
    expect(counters()).toEqual([[0n, 65_040_000n]]);
    hold.settle(6_741_000n, noon);
    expect(counters()).toEqual([[6_741_000n, 0n]]);
  });

  it('[money 41] admit exactly what fits of a thousand requests at once', () => {
    const { admit, counters, gate } = setUp([{}]);
    const answers = Array.from({ length: 1_000 }, () => admit(65_040_000n));
    const refused = answers.filter(Fault.is);
    expect(refused).toHaveLength(993);
    expect(new Set(refused.map(({ code, kind }) => `${code} ${kind.httpStatus}`))).toEqual(
      new Set(['budget_exceeded 402']),
    );
    expect(counters()).toEqual([[0n, 455_280_000n]]);
    expect(gate.holdCount).toBe(7);
  });

  it('[money 42] count one exchange once, however often it is settled', () => {
    const { admit, counters, gate } = setUp([{}]);
    const hold = held(admit(100n));
    hold.settle(60n, noon);
    hold.settle(60n, noon);
    hold.release();
    expect(counters()).toEqual([[60n, 0n]]);
    expect(gate.holdCount).toBe(0);
  });

  it('admit one exchange once, however often it asks', () => {
    const { gate, counters } = setUp([{}]);
    const request = { exchangeId: 'same', spender: acme, amountNanos: 100n, tokensEstimate: 0, atMs: noon };
    expect(gate.admit(request)).toBe(gate.admit(request));
    expect(counters()).toEqual([[0n, 100n]]);
  });

  it('[money 44] name the exhausted one of five scopes and hold nothing on the others', () => {
    const { admit, counters } = setUp([
      { scope: 'key', name: 'web' },
      { scope: 'customer', name: 'acme' },
      { scope: 'job', name: 'chat' },
      { scope: 'project', name: 'site', limitNanos: 10n, period: 'day' },
      { scope: 'organisation', name: 'all' },
    ]);
    const fault = refusal(admit(11n));
    expect(fault.message).toBe(
      'The daily budget of the project "site" does not cover this request, which may cost up to $0.000000011: ' +
        'limit $0.00000001, spent $0.00, held $0.00. It resets at 2026-03-11T00:00:00.000Z.',
    );
    expect(counters()).toEqual(Array.from({ length: 5 }, () => [0n, 0n]));
  });

  it('[money 45] post more than was held, say so, and count it at the next admission', () => {
    const { admit, counters, notices } = setUp([{ limitNanos: 150n }]);
    const hold = held(admit(100n));
    hold.settle(130n, noon);
    expect(counters()).toEqual([[130n, 0n]]);
    expect(notices).toEqual([{ kind: 'over_hold', exchangeId: hold.exchangeId, amountNanos: 30n }]);
    expect(Fault.is(admit(21n))).toBe(true);
    expect(Fault.is(admit(20n))).toBe(false);
  });

  it('[money 48] charge the period in which the exchange started', () => {
    const endOfDay = Date.UTC(2026, 2, 10, 23) - 100;
    const { gate, admit, advance } = setUp([{ name: 'berlin', period: 'day', limitNanos: 100n }]);
    const spender = { customer: 'berlin', key: 'k' };
    const hold = held(admit(60n, spender, endOfDay));
    advance(endOfDay + 5_100 - noon);
    held(admit(100n, spender)).release();
    hold.settle(50n, endOfDay + 5_100);
    const periods = [...gate.counters].map(({ period, usedNanos }) => [
      new Date(period.startMs).toISOString(),
      usedNanos,
    ]);
    expect(new Map(periods as [string, bigint][])).toEqual(
      new Map([
        ['2026-03-09T23:00:00.000Z', 50n],
        ['2026-03-10T23:00:00.000Z', 0n],
      ]),
    );
    gate.sweep();
    expect([...gate.counters]).toHaveLength(1);
  });

  it('admit an exchange of the last period after the first one of the next', () => {
    const { admit, gate } = setUp([{ period: 'day', limitNanos: 100n }]);
    const midnight = Date.UTC(2026, 2, 11);
    held(admit(100n, acme, midnight));
    held(admit(100n, acme, midnight - 1));
    expect(Fault.is(admit(1n, acme, midnight - 1))).toBe(true);
    expect([...gate.counters]).toHaveLength(2);
  });

  it('[money 50] let running calls finish under a lowered limit and refuse new ones', () => {
    const { admit, setBudgets, counters } = setUp([{ limitNanos: 1_000n }]);
    const running = held(admit(600n));
    setBudgets([{ limitNanos: 100n }]);
    expect(refusal(admit(1n)).code).toBe('budget_exceeded');
    running.settle(500n, noon);
    expect(counters()).toEqual([[500n, 0n]]);
    setBudgets([{ limitNanos: 501n }]);
    expect(Fault.is(admit(1n))).toBe(false);
  });

  it('tell that a soft one is passed, once, and refuse nothing', () => {
    const { admit, notices } = setUp([{ isHard: false, limitNanos: 100n }]);
    for (let count = 0; count < 3; count++) held(admit(80n)).settle(80n, noon);
    expect(notices.map(({ kind, amountNanos }) => [kind, amountNanos])).toEqual([['soft_limit', 160n]]);
  });

  it('give each end user its own and keep those of different customers apart', () => {
    const { admit } = setUp([{ scope: 'endUser', name: '*', limitNanos: 100n }]);
    held(admit(100n, { ...acme, endUser: 'ann' }));
    expect(refusal(admit(1n, { ...acme, endUser: 'ann' })).message).toContain('the end user "ann"');
    held(admit(100n, { ...acme, endUser: 'bob' }));
    held(admit(100n, { ...acme, customer: 'other', endUser: 'ann' }));
    held(admit(100n, { ...acme, customer: 'acme/ann', endUser: 'x' }));
    held(admit(100n, { ...acme, customer: 'acme', endUser: 'ann/x\0'.repeat(200) }));
    held(admit(1_000n, { customer: 'acme', key: 'web' }));
  });

  it('limit what a token may spend in all', () => {
    const { admit, gate } = setUp([]);
    const spender = { ...acme, token: { id: 't1', limitNanos: 100n, expiresAtMs: noon + 1_000 } };
    held(admit(60n, spender)).settle(50n, noon);
    expect(refusal(admit(51n, spender)).message).toContain('the token "t1"');
    expect(gate.isHardLimited(spender)).toBe(true);
    expect(gate.headroomNanos(spender, noon)).toBe(50n);
  });

  it('extend a hold in every scope or not at all', () => {
    const { admit, counters } = setUp([{ limitNanos: 100n }, { scope: 'key', name: 'web', limitNanos: 70n }]);
    const hold = held(admit(50n));
    expect(hold.topUp(20n)).toBe(true);
    expect(hold.topUp(1n)).toBe(false);
    expect(hold.amountNanos).toBe(70n);
    hold.settle(70n, noon);
    expect(hold.topUp(1n)).toBe(false);
    expect(counters()).toEqual([
      [70n, 0n],
      [70n, 0n],
    ]);
  });

  it('say what can still be held, the smallest of all hard scopes', () => {
    const { gate, admit } = setUp([{ limitNanos: 100n }, { scope: 'key', name: 'web', limitNanos: 70n }]);
    expect(gate.headroomNanos(acme, noon)).toBe(70n);
    held(admit(50n));
    expect(gate.headroomNanos(acme, noon)).toBe(20n);
    expect(gate.headroomNanos({ customer: 'free', key: 'k' }, noon)).toBeUndefined();
    expect(gate.isHardLimited({ customer: 'free', key: 'k' })).toBe(false);
  });

  it('refuse with a 503 what they have no room to count', () => {
    const clock = { nowMs: () => noon, monotonicMs: () => noon };
    const gate = new ReservationGate({ clock, maxCounters: 1 });
    const budgets = [{ ...plainRule, scope: 'endUser' as const, name: '*' }];
    gate.setRules({ budgets, rates: [], timeZone: 'UTC', timeZones: new Map() });
    const admit = (endUser: string) =>
      gate.admit({
        exchangeId: endUser,
        spender: { ...acme, endUser },
        amountNanos: 1n,
        tokensEstimate: 0,
        atMs: noon,
      });
    expect(Fault.is(admit('first'))).toBe(false);
    const refused = admit('second');
    expect(Fault.is(refused) && refused.code).toBe('budget_unavailable');
  });
});

describe('rate limits', () => {
  it('of every scope are taken together with the budgets, or not at all', () => {
    const { admit, advance, counters } = setUp(
      [{}],
      [
        { scope: 'customer', name: '*', requestsPerMinute: 2 },
        { scope: 'endUser', name: '*', concurrent: 1 },
      ],
    );
    const first = held(admit(1n));
    const refused = refusal(admit(1n));
    expect([refused.code, refused.message]).toEqual([
      'rate_limited',
      'The end user "u1" is at its limit of 1 concurrent requests. Try again in 1 s.',
    ]);
    held(admit(1n, { ...acme, endUser: 'u2' }));
    expect(refusal(admit(1n, { ...acme, endUser: 'u3' })).message).toContain(
      'customer "acme" is at its limit of 2 req',
    );
    expect(counters()).toEqual([[0n, 2n]]);
    first.release();
    advance(60_250);
    held(admit(1n));
  });

  it('are shared out among live gateways', () => {
    const { gate, admit } = setUp([], [{ scope: 'key', name: 'web', requestsPerMinute: 4 }]);
    gate.setShare({ count: 2 });
    held(admit(0n));
    held(admit(0n));
    expect(refusal(admit(0n)).retryAfterMs).toBe(60_250);
  });

  it('are shared out to the last request, and each gateway has one', () => {
    const shareOf = (limit: number, count: number, place: number): number => {
      const { gate, admit } = setUp([], [{ scope: 'key', name: 'web', requestsPerMinute: limit, concurrent: limit }]);
      gate.setShare({ count, place });
      let admitted = 0;
      while (!Fault.is(admit(0n))) admitted += 1;
      return admitted;
    };
    expect([0, 1, 2].map((place) => shareOf(20, 3, place))).toEqual([7, 7, 6]);
    expect([0, 1, 2].map((place) => shareOf(2, 3, place))).toEqual([1, 1, 1]);
  });

  it('gain nothing for a minute from a gateway that is gone: it may have used its share', () => {
    const { gate, admit, advance } = setUp([], [{ scope: 'key', name: 'web', requestsPerMinute: 6 }]);
    gate.setShare({ count: 3, place: 0 });
    held(admit(0n));
    gate.setShare({ count: 2, place: 0 });
    held(admit(0n));
    expect(refusal(admit(0n)).code).toBe('rate_limited');
    advance(60_250);
    for (let request = 0; request < 3; request += 1) held(admit(0n));
    expect(refusal(admit(0n)).code).toBe('rate_limited');
  });

  it('hold over a restart, also those that are known only later', () => {
    const { gate, admit, advance } = setUp([], [{ scope: 'key', name: 'web', requestsPerMinute: 3 }]);
    gate.restoreRate(acme, 40, noon - 59_000);
    gate.restoreRate(acme, 40, noon - 61_000);
    gate.restoreRate(acme, 50, noon - 1_000);
    const customers = { scope: 'customer', name: '*', tokensPerMinute: 100 } as const;
    const none = { budgets: [], timeZone: 'UTC', timeZones: new Map<string, string>() };
    gate.setRules({ ...none, rates: [customers, { scope: 'key', name: 'web', requestsPerMinute: 3 }] });
    held(admit(0n));
    expect(refusal(admit(0n)).message).toContain('3 requests per minute');
    advance(2_000);
    held(admit(0n));
    gate.setRules({ ...none, rates: [customers] });
    for (let request = 0; request < 3; request += 1) held(admit(0n));
    expect(refusal(admit(0n)).message).toContain('100 tokens per minute');
  });

  it('correct the estimate of tokens to what was used', () => {
    const { admit } = setUp([], [{ scope: 'key', name: '*', tokensPerMinute: 25 }]);
    held(admit(0n)).settle(0n, noon, 0);
    held(admit(0n)).settle(0n, noon, 25);
    expect(Fault.is(admit(0n))).toBe(true);
  });
});
