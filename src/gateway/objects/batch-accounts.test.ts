import { describe, expect, it } from 'vitest';
import type { Fact } from '../../domain/facts/facts.ts';
import { atCostPlan } from '../../domain/charges/plan.ts';
import { JournalError } from '../../journal/index.ts';
import type { OwnedObject } from '../../storage/index.ts';
import { BatchAccounts } from './batch-accounts.ts';
import { faultOfDefect } from '../answers/fault-of-defect.ts';
import type { ObjectDeps } from './objects-request.ts';

const usage = { input_tokens: 100, output_tokens: 10 };
const batch = {
  kind: 'batch',
  id: 'b',
  owner: { customer: 'c', key: 'k' },
  host: 'h',
  createdAtMs: 0,
  models: ['m'],
  body: { status: 'completed', usage },
} as const satisfies OwnedObject;

/** A product whose journal fails when told to, and whose index can be taken back to what a crash left. */
function world(): { deps: ObjectDeps; facts: Fact[]; kept: { now: OwnedObject }; fails: { next: boolean } } {
  const facts: Fact[] = [];
  const kept: { now: OwnedObject } = { now: batch };
  const fails = { next: false };
  let ids = 0;
  const settled: bigint[] = [];
  const hold = { amountNanos: 0n, settle: (nanos: bigint) => void settled.push(nanos), release: () => undefined };
  const deps = {
    index: { find: () => kept.now, put: (next: OwnedObject) => Promise.resolve(void (kept.now = next)) },
    journal: {
      append: (...more: Fact[]) => void facts.push(...more),
      commit: (...more: Fact[]) => {
        if (fails.next) return Promise.reject(new JournalError('full', 'the disk is full'));
        facts.push(...more);
        return Promise.resolve();
      },
      find: (requestId: string) => Promise.resolve(facts.filter((fact) => fact.requestId === requestId)),
    },
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    money: {
      gate: { admit: () => hold },
      planOf: () => atCostPlan,
      priceOf: () => ({ price: undefined }),
    },
    newId: () => `req_${++ids}`,
    logger: { warn: () => undefined },
    settings: () => ({ catalog: { host: () => ({ id: 'h' }), list: () => [], resolve: () => ({ endpoints: [] }) } }),
  } as unknown as ObjectDeps;
  return { deps, facts, kept, fails };
}

const finals = (facts: readonly Fact[]): Fact[] => facts.filter(({ type }) => type === 'final');

describe('the settlement of a batch', () => {
  it('that the journal could not take is tried again, and happens once', async () => {
    const { deps, facts, kept, fails } = world();
    const accounts = new BatchAccounts();
    fails.next = true;
    const failure: unknown = await accounts.settle(batch, deps).catch((error: unknown) => error);
    expect(faultOfDefect(failure).code).toBe('journal_full');
    expect(kept.now.settled).toBeUndefined();
    fails.next = false;
    await Promise.all([accounts.settle(batch, deps), accounts.settle(batch, deps)]);
    await accounts.settle(batch, deps);
    expect(finals(facts)).toHaveLength(1);
    expect(finals(facts)[0]).toMatchObject({ usage: { input: 100, output: 10 } });
    expect(kept.now.settled).toBe(true);
  });

  it('is not repeated when the process died after the journal had it, nor lost when it died before', async () => {
    const { deps, facts, kept } = world();
    await new BatchAccounts().settle(batch, deps);
    kept.now = { ...kept.now, settled: false };
    await new BatchAccounts().settle(batch, deps);
    expect(finals(facts)).toHaveLength(1);
    kept.now = { ...batch, settlementId: 'req_0' };
    await new BatchAccounts().settle(batch, deps);
    expect(finals(facts)).toHaveLength(2);
  });
});
