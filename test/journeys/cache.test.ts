import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InboundDialectId } from '../../src/domain/calls/dialect.ts';
import type { FinalFact } from '../../src/domain/facts/facts.ts';
import type { ExchangeRecord } from '../../src/gateway/index.ts';
import { type FakeUpstream, postRaw, type RawAnswer, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { clientDialects, requestOf, viewAnswer } from './support/client-dialects.ts';

const secrets = { ALICE: 'sk-alice-0123456789', BOB: 'sk-bob-0123456789', CARL: 'sk-carl-0123456789' };
type Who = keyof typeof secrets;
/** Each test has a model of its own, and so answers and an endpoint that no other one has touched. */
const modelCount = 24;
const modelOf = (at: number): string =>
  `  small-${at}: { endpoints: [{ host: fake, model: mock-${at}, price: { input: 1, output: 2 } }] }`;
const configOf = (baseUrl: string): string => `
hosts:
  fake: { protocol: openai-chat, baseUrl: "${baseUrl}" }
models:
${Array.from({ length: modelCount }, (_, at) => modelOf(at)).join('\n')}
keys:
  - { name: alice, secret: env:ALICE, customer: a, cache: all }
  - { name: bob, secret: env:BOB, customer: b, cache: all }
  - { name: carl, secret: env:CARL, customer: a, cache: deterministic }
`;

describe('the exact response cache', () => {
  let fake: FakeUpstream;
  let booted: BootedProduct;
  let at = -1;

  beforeAll(async () => {
    fake = await startFakeUpstream();
    booted = await bootProduct(configOf(fake.baseUrl), secrets);
  });
  afterAll(async () => {
    await booted?.close();
    await fake?.close();
  });
  beforeEach(() => {
    fake.reset();
    at += 1;
    expect(at).toBeLessThan(modelCount);
  });

  interface Ask {
    readonly dialect?: InboundDialectId;
    readonly stream?: boolean;
    readonly more?: object;
    readonly headers?: Record<string, string>;
  }

  function ask(
    who: Who,
    { dialect = 'openai-chat', stream = false, more = {}, headers = {} }: Ask = {},
  ): Promise<RawAnswer> {
    const { path, body } = requestOf(dialect, { model: `small-${at}`, stream, text: 'Name a ship.', more });
    return postRaw(`${booted.url}${path}`, body, { authorization: `Bearer ${secrets[who]}`, ...headers });
  }

  const stateOf = ({ headers }: RawAnswer): unknown => headers['x-switchyard-cache'];

  async function finalOf(answer: RawAnswer): Promise<FinalFact> {
    const path = `/api/v1/requests/${String(answer.headers['x-switchyard-request-id'])}`;
    const record = (await booted.control(path)) as unknown as ExchangeRecord;
    if (record.final?.type !== 'final') throw new Error(`no final fact: ${JSON.stringify(record)}`);
    return record.final;
  }

  it('[scenario 68] never answers one tenant with what another asked', async () => {
    expect(stateOf(await ask('ALICE'))).toBe('miss');
    expect(stateOf(await ask('BOB'))).toBe('miss');
    expect(stateOf(await ask('ALICE'))).toBe('hit');
    expect(stateOf(await ask('BOB'))).toBe('hit');
    // Two keys of one customer are two tenants of the cache as well.
    expect(stateOf(await ask('CARL', { headers: { 'x-switchyard-cache': 'all' } }))).toBe('miss');
    expect(fake.stats().requests).toBe(3);
  });

  it('[scenario 69] replays an answer as a valid stream of every other dialect, at no cost and with the saving recorded', async () => {
    const fresh = await ask('ALICE');
    const { text } = viewAnswer('openai-chat', false, fresh);
    const paid = await finalOf(fresh);
    expect(BigInt(paid.costNanos ?? '0')).toBeGreaterThan(0n);
    // Messages demands a limit, which makes it another question: see the next test.
    for (const dialect of clientDialects.filter((one) => one !== 'anthropic-messages')) {
      for (const stream of [true, false]) {
        const answer = await ask('ALICE', { dialect, stream });
        const view = viewAnswer(dialect, stream, answer);
        expect({ dialect, stream, state: stateOf(answer), ...view }).toMatchObject({
          state: 'hit',
          kind: 'answer',
          text,
        });
        const final = await finalOf(answer);
        expect(final).toMatchObject({ cache: 'hit', costNanos: '0', savedNanos: paid.costNanos, attempts: 0 });
        // Meters of plans count the units of the fact: an answer from the cache used none.
        expect(final).not.toHaveProperty('usage');
        if (!stream) expect(answer.headers['x-switchyard-cost-nanos']).toBe('0');
      }
    }
    expect(fake.stats().requests).toBe(1);
  });

  it('[scenario 69] shares one answer between a whole answer and a stream of a dialect that demands a limit', async () => {
    const limit = { max_tokens: 500 };
    const fresh = await ask('ALICE', { more: limit });
    const answer = await ask('ALICE', { dialect: 'anthropic-messages', stream: true, more: limit });
    expect(stateOf(answer)).toBe('hit');
    const view = viewAnswer('anthropic-messages', true, answer);
    expect(view).toMatchObject({ kind: 'answer', text: viewAnswer('openai-chat', false, fresh).text });
    expect(fake.stats().requests).toBe(1);
  });

  it('keeps a streamed answer for those who want it whole', async () => {
    const streamed = await ask('ALICE', { dialect: 'openai-responses', stream: true });
    expect(stateOf(streamed)).toBe('miss');
    const whole = await ask('ALICE', { dialect: 'gemini' });
    expect(stateOf(whole)).toBe('hit');
    expect(viewAnswer('gemini', false, whole).text).toBe(viewAnswer('openai-responses', true, streamed).text);
  });

  it('asks once for identical calls that are made at the same time', async () => {
    fake.script(`mock-${at}`, 'delay=100');
    const answers = await Promise.all([true, false, true, false].map((stream) => ask('ALICE', { stream })));
    expect(answers.map(stateOf).toSorted()).toEqual(['hit', 'hit', 'hit', 'miss']);
    expect(fake.stats().requests).toBe(1);
  });

  it('[scenario 70] still answers the followers when the leader goes away', async () => {
    fake.script(`mock-${at}`, 'delay=60000', '');
    const abort = new AbortController();
    const { path, body } = requestOf('openai-chat', { model: `small-${at}`, stream: true, text: 'Name a ship.' });
    const leader = fetch(`${booted.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secrets.ALICE}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: abort.signal,
    }).catch(() => 'gone');
    await fake.until(({ open }) => open === 1);
    const followers = [ask('ALICE', { stream: true }), ask('ALICE')];
    await expect
      .poll(async () => ((await booted.control('/api/v1/live'))['requests'] as { runningCount: number }).runningCount)
      .toBe(3);
    abort.abort();
    expect(await leader).toBe('gone');
    const [streamed, whole] = await Promise.all(followers);
    if (!streamed || !whole) throw new Error('a follower is missing');
    expect(viewAnswer('openai-chat', true, streamed).kind).toBe('answer');
    expect(viewAnswer('openai-chat', false, whole).kind).toBe('answer');
    expect(fake.stats()).toMatchObject({ requests: 2, aborts: 1 });
  });

  it('does as cache-control says', async () => {
    expect(stateOf(await ask('ALICE', { headers: { 'cache-control': 'no-store' } }))).toBe('bypass');
    expect(stateOf(await ask('ALICE'))).toBe('miss');
    expect(stateOf(await ask('ALICE', { headers: { 'cache-control': 'no-cache' } }))).toBe('miss');
    expect(stateOf(await ask('ALICE', { headers: { 'cache-control': 'no-store' } }))).toBe('bypass');
    expect(stateOf(await ask('ALICE'))).toBe('hit');
    expect(stateOf(await ask('ALICE', { headers: { 'x-switchyard-cache': 'off' } }))).toBe('bypass');
    expect(fake.stats().requests).toBe(5);
  });

  it('keeps sampled answers only for who asks for it, and calls with tools never', async () => {
    const states = async (who: Who, more: object): Promise<unknown[]> => [
      stateOf(await ask(who, { more })),
      stateOf(await ask(who, { more })),
    ];
    expect(await states('CARL', {})).toEqual(['bypass', 'bypass']);
    expect(await states('CARL', { temperature: 0 })).toEqual(['miss', 'hit']);
    expect(await states('ALICE', { temperature: 1 })).toEqual(['miss', 'hit']);
    const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }];
    expect(await states('ALICE', { tools })).toEqual(['bypass', 'bypass']);
  });

  it.each(['refuse=1', 'cut=2', 'fail=500', 'length=400&chunks=40'])(
    'keeps no answer that is not whole and good: %s',
    async (script) => {
      fake.script(`mock-${at}`, script);
      const more = script.startsWith('length') ? { max_tokens: 3 } : {};
      expect(stateOf(await ask('ALICE', { stream: true, more }))).not.toBe('hit');
      fake.script(`mock-${at}`, '');
      expect(stateOf(await ask('ALICE', { stream: true, more }))).toBe('miss');
    },
  );

  it('tells different questions apart by everything that changes the answer', async () => {
    const variants = [
      {},
      { temperature: 0 },
      { seed: 7 },
      { max_tokens: 900 },
      { stop: ['x'] },
      { logit_bias: { 50: 1 } },
    ];
    for (const more of variants)
      expect({ more, state: stateOf(await ask('ALICE', { more })) }).toEqual({ more, state: 'miss' });
    for (const more of variants)
      expect({ more, state: stateOf(await ask('ALICE', { more })) }).toEqual({ more, state: 'hit' });
    // Who the end user is, and what the operator notes, does not change it.
    expect(stateOf(await ask('ALICE', { more: { user: 'u1', metadata: { a: 'b' } } }))).toBe('hit');
  });
});
