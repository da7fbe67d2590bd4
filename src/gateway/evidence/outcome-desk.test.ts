import { describe, expect, it } from 'vitest';
import type { Fact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Journal } from '../../journal/index.ts';
import { createMemoryJournal } from '../../journal/testing/memory-journal.ts';
import { OutcomeBook } from '../../routing/index.ts';
import { OutcomeDesk, type OutcomeTeller, type RecordedOutcome, type ToldOutcome } from './outcome-desk.ts';

const owner: OutcomeTeller = { name: 'owner' };
const shop: OutcomeTeller = { name: 'shop-key', customer: 'shop' };
const ann: OutcomeTeller = { name: 'shop-key/ann', customer: 'shop', endUser: 'ann' };
const nowMs = 1_800_000_000_000;
const shared = { requestId: 'req_1', atMs: nowMs, key: 'shop-key', customer: 'shop', model: 'small' };
const exchange: readonly Fact[] = [
  {
    ...shared,
    type: 'open',
    dialect: 'openai-chat',
    operation: 'generate',
    stream: false,
    inputEstimateTokens: 1,
    job: 'reply',
    endUser: 'ann',
    externalId: 'ticket-7',
  },
  {
    ...shared,
    type: 'final',
    status: 'completed',
    httpStatus: 200,
    host: 'fake',
    attempts: 1,
    costNanos: '0',
    cache: 'bypass',
    totalMs: 1,
  },
];

interface Desk {
  readonly desk: OutcomeDesk;
  readonly journal: Journal;
  readonly outcomes: OutcomeBook;
  tell(told: Partial<ToldOutcome>, teller?: OutcomeTeller): Promise<RecordedOutcome>;
  refusal(told: Partial<ToldOutcome>, teller?: OutcomeTeller): Promise<Fault>;
  written(): Promise<number>;
}

async function openDesk(): Promise<Desk> {
  const journal = createMemoryJournal();
  await journal.commit(...exchange);
  const outcomes = new OutcomeBook();
  let serial = 0;
  const newId = (prefix: string): string => `${prefix}_${++serial}`;
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0 };
  const desk = new OutcomeDesk({ journal, outcomes, clock, newId });
  for (const fact of exchange) if (fact.type === 'open') desk.noteOpened(fact);
  const ask = (told: Partial<ToldOutcome>, teller: OutcomeTeller = owner) =>
    desk.tell({ requestId: 'req_1', kind: 'score', source: 'test', ...told }, teller);
  return {
    desk,
    journal,
    outcomes,
    async tell(told, teller) {
      const result = await ask(told, teller);
      if (Fault.is(result)) throw result;
      return result;
    },
    async refusal(told, teller) {
      const result = await ask(told, teller);
      if (!Fault.is(result)) throw new Error('it was taken');
      return result;
    },
    async written() {
      let count = 0;
      for await (const { fact } of journal.read()) count += fact.type === 'outcome' ? 1 : 0;
      return count;
    },
  };
}

describe('evidence told', () => {
  it('is a fact that says all about its exchange, so that learning needs no other', async () => {
    const { tell, outcomes } = await openDesk();
    const { fact } = await tell({ value: 0.5, weight: 0.7 });
    expect(fact).toMatchObject({
      job: 'reply',
      model: 'small',
      host: 'fake',
      customer: 'shop',
      key: 'shop-key',
      weight: 0.7,
    });
    expect(fact).toMatchObject({ endUser: 'ann', postedBy: 'owner', receivedAtMs: nowMs, outcomeId: 'out_1' });
    expect(outcomes.of('req_1')).toEqual([fact]);
  });

  it('finds its exchange by the id that the client gave it, of the same customer only', async () => {
    const { tell, refusal } = await openDesk();
    const own = { requestId: undefined, externalId: 'ticket-7', value: 1 };
    expect((await tell(own, shop)).fact.requestId).toBe('req_1');
    expect((await tell({ ...own, customer: 'shop' })).fact.requestId).toBe('req_1');
    expect(await refusal(own, { name: 'other', customer: 'other' })).toMatchObject({
      code: 'not_found',
      param: 'externalId',
    });
  });

  it('counts once under one key, also when told twice at the same moment', async () => {
    const { tell, written, refusal } = await openDesk();
    const told = { value: 1, idempotencyKey: 'once' };
    const [first, second] = await Promise.all([tell(told), tell(told)]);
    expect([first?.isRepeated, second?.isRepeated]).toEqual([false, true]);
    expect((await tell(told)).fact).toEqual(first?.fact);
    expect(await refusal({ ...told, value: 0 })).toMatchObject({ code: 'conflict' });
    // Another customer's key of the same name is another key.
    expect((await tell({ ...told, value: 0 }, shop)).isRepeated).toBe(false);
    expect(await written()).toBe(2);
  });

  it('can be corrected and taken back, by its id', async () => {
    const { tell, refusal } = await openDesk();
    const { fact } = await tell({ value: 0 }, shop);
    const better = await tell({ value: 1, supersedes: fact.outcomeId }, shop);
    await tell({ kind: 'retraction', retracts: better.fact.outcomeId }, shop);
    expect(await refusal({ retracts: 'out_none' })).toMatchObject({ code: 'not_found', param: 'retracts' });
    const other = await tell({ value: 1 }, owner);
    expect(await refusal({ retracts: other.fact.outcomeId }, shop)).toMatchObject({ code: 'not_found' });
  });

  it('of an end user is about its own answers, and the later thumb is the one that counts', async () => {
    const { tell, refusal } = await openDesk();
    const { fact } = await tell({ kind: 'thumb', value: 1 }, ann);
    expect((await tell({ kind: 'thumb', value: 0 }, ann)).fact.supersedes).toBe(fact.outcomeId);
    expect(await refusal({ kind: 'thumb', value: 0 }, { ...ann, endUser: 'bob' })).toMatchObject({ code: 'not_found' });
  });

  it('is at most as reliable as its kind when a customer says so', async () => {
    const { tell } = await openDesk();
    expect((await tell({ kind: 'thumb', value: 1, weight: 1 }, shop)).fact.weight).toBe(0.5);
    expect((await tell({ kind: 'thumb', value: 1, weight: 1 })).fact.weight).toBe(1);
  });

  it.each<[Partial<ToldOutcome>, string]>([
    [{ requestId: 'req_none', value: 1 }, 'not_found'],
    [{ requestId: undefined, externalId: 'none', value: 1 }, 'not_found'],
    [{ value: 1, atMs: nowMs + 3_600_000 }, 'invalid_request'],
  ])('is refused for %j as %s, and nothing is changed', async (told, code) => {
    const { refusal, written, outcomes } = await openDesk();
    expect((await refusal(told)).code).toBe(code);
    expect(await written()).toBe(0);
    expect(outcomes.of('req_1')).toEqual([]);
  });

  it('about one request has an end', async () => {
    const { tell, refusal, written } = await openDesk();
    for (let at = 0; at < 100; at++) await tell({ value: 1 });
    expect((await refusal({ value: 1 })).code).toBe('conflict');
    expect(await written()).toBe(100);
  });
});
