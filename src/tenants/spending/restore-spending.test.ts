import { describe, expect, it } from 'vitest';
import { configSchema } from '../../config/index.ts';
import { parseConfig } from '../../config/parse-config.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { FinalFact, OpenFact } from '../../domain/facts/facts.ts';
import { ReservationGate } from './reservation-gate.ts';
import { SpendingRestorer } from './restore-spending.ts';
import { mergeRules, rulesOfConfig } from './rules-of-config.ts';

const today = Date.UTC(2026, 10, 10, 12);
const dayMs = 86_400_000;
const clock = { nowMs: () => today, monotonicMs: () => 0 };

function open(requestId: string, atMs: number): OpenFact {
  const where = { dialect: 'openai-chat', operation: 'generate', model: 'fast', stream: false } as const;
  return { type: 'open', requestId, atMs, key: 'web', customer: 'acme', ...where, inputEstimateTokens: 1 };
}

function final(requestId: string, atMs: number, costNanos: string | null): FinalFact {
  const end = { status: 'completed', httpStatus: 200, attempts: 1, cache: 'bypass', totalMs: 10 } as const;
  return { type: 'final', requestId, atMs, key: 'web', customer: 'acme', model: 'fast', costNanos, ...end };
}

describe('spending without a database', () => {
  it('is counted again from the journal after a start, each charge in the period of its start', () => {
    const gate = new ReservationGate({ clock });
    const budget = { limitUsd: '5.00', period: 'day' };
    gate.setRules(rulesOfConfig(configSchema.parse({ customers: [{ name: 'acme', budget }] })));
    const restorer = new SpendingRestorer(gate, { charges: true, ratesFromMs: today });
    const midnight = today - dayMs / 2;
    const facts = [
      open('yesterday', midnight - 5),
      final('yesterday', midnight + 5, '4000000000'),
      open('charged', today - 50),
      open('crashed', today - 40),
      open('unknown', today - 30),
      { ...final('charged', today - 20, '9'), chargeNanos: '3000000000' },
      final('unknown', today - 10, null),
      { type: 'abort', requestId: 'crashed', atMs: today, estimated: true, costNanos: '500000000', reason: 'crash' },
      final('opened in a removed segment', today, '250000000'),
    ] as const;
    for (const fact of facts) restorer.add(fact);
    const spender = { customer: 'acme', key: 'web' };
    expect(gate.headroomNanos(spender, today)).toBe(1_250_000_000n);
    const request = { exchangeId: 'next', spender, amountNanos: 1_250_000_001n, tokensEstimate: 0, atMs: today };
    const refused = gate.admit(request);
    expect(Fault.is(refused) && refused.message).toContain('limit $5.00, spent $3.75, held $0.00');
  });
});

describe('rate limits after a start', () => {
  it('count what the last minute had used: of a killed process all that it held', () => {
    const restored: unknown[] = [];
    const restore = (): void => {
      throw new Error('a database has counted the charges');
    };
    const restoreRate = (_: unknown, tokens: number, atMs: number): void => void restored.push([tokens, atMs - today]);
    const restorer = new SpendingRestorer({ restore, restoreRate }, { charges: false, ratesFromMs: today - 60_000 });
    const usage = { input: 5, output: 7 };
    const facts = [
      open('old', today - 60_001),
      { ...open('killed', today - 500), heldTokens: 420 },
      { ...open('ended', today - 400), heldTokens: 420 },
      { ...final('old', today, '1'), usage },
      { ...final('ended', today, '1'), usage },
      { type: 'abort', requestId: 'killed', atMs: today, estimated: true, costNanos: '1', reason: 'crash' },
    ] as const;
    for (const fact of facts) restorer.add(fact);
    expect(restored).toEqual([
      [12, -400],
      [420, -500],
    ]);
  });
});

describe('limits of the configuration file', () => {
  it('take amounts from the source text, exactly', () => {
    const { config } = parseConfig('budgets:\n  - { scope: key, name: web, limitUsd: 0.1 }\n');
    const [rule] = config === undefined ? [] : rulesOfConfig(config).budgets;
    expect(rule).toMatchObject({ scope: 'key', name: 'web', limitNanos: 100_000_000n, period: 'month', isHard: true });
    const problems = ['-1', '1e9', 'NaN', '9223372037', '"five"'].map(
      (limit) => parseConfig(`budgets:\n  - { scope: key, limitUsd: ${limit} }\n`).problems[0]?.path,
    );
    expect(new Set(problems)).toEqual(new Set(['budgets[0].limitUsd']));
  });

  it('keep counting when only the limit changes, and the lower of two on one thing holds', () => {
    const idOf = (limitUsd: string): string | undefined =>
      rulesOfConfig(configSchema.parse({ budgets: [{ scope: 'job', name: 'a', limitUsd }] })).budgets[0]?.id;
    expect(idOf('1')).toBe(idOf('2'));
    const twice = configSchema.parse({
      budgets: [
        { scope: 'customer', name: 'acme', limitUsd: '2' },
        { scope: 'customer', name: 'acme', limitUsd: '9', hard: false },
      ],
      customers: [{ name: 'acme', budget: { limitUsd: '1' } }],
    });
    const rules = rulesOfConfig(twice);
    expect(rules.budgets.map(({ limitNanos, isHard }) => [limitNanos, isHard])).toEqual([
      [1_000_000_000n, true],
      [9_000_000_000n, false],
    ]);
    expect(mergeRules(rules, rules).budgets).toHaveLength(2);
  });
});
