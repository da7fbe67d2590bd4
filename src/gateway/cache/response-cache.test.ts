import { beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { type CachedAnswer, ResponseCache } from './response-cache.ts';

let nowMs = 0;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
let cache: ResponseCache;

const endpoint: Endpoint = {
  id: 'h/m',
  modelName: 'm',
  upstreamModel: 'm',
  weight: 1,
  price: undefined,
  limits: {},
  capabilities: {},
  host: {
    id: 'h',
    protocol: 'openai-chat',
    providerId: 'generic-openai-chat',
    baseUrl: 'http://127.0.0.1/v1',
    auth: { type: 'none' },
    timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
    headers: {},
    maxConnections: 1,
  },
};

function answerOf(text: string): CachedAnswer {
  const completion = { blocks: [{ type: 'text' as const, text }], finish: { reason: 'stop' as const } };
  return { completion, endpoint, costNanos: 5n };
}

async function fill(key: string, text: string): Promise<void> {
  const turn = await cache.take(key, true);
  if (turn.kind === 'leader') turn.done(answerOf(text));
}

describe('response cache', () => {
  beforeEach(() => {
    nowMs = 0;
    cache = new ResponseCache(clock, () => ({ maxBytes: 10_000, ttlSeconds: 60 }));
  });

  it('answers the second request until the answer is too old', async () => {
    await fill('a', 'x');
    expect(await cache.take('a', true)).toMatchObject({ kind: 'hit', answer: { costNanos: 5n } });
    nowMs = 60_001;
    expect((await cache.take('a', true)).kind).toBe('leader');
    expect(cache.sizeBytes).toBe(0);
  });

  it('[scenario 70] lets the next follower lead when the leader ends without an answer', async () => {
    const leader = await cache.take('a', true);
    const followers = [cache.take('a', true), cache.take('a', true), cache.take('a', true)];
    if (leader.kind === 'leader') leader.done(undefined);
    const next = await Promise.race(followers);
    expect(next.kind).toBe('leader');
    if (next.kind === 'leader') next.done(answerOf('y'));
    const kinds = (await Promise.all(followers)).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['hit', 'hit', 'leader']);
  });

  it('stays within its bytes and forgets the least recently used first', async () => {
    for (let count = 0; count < 30; count++) {
      await fill(`k${count}`, 'z'.repeat(500));
      await cache.take('k0', true);
    }
    expect(cache.sizeBytes).toBeLessThanOrEqual(10_000);
    expect((await cache.take('k0', true)).kind).toBe('hit');
    expect((await cache.take('k1', true)).kind).toBe('leader');
  });

  it('does not read for a client that says no-cache, and still stores', async () => {
    await fill('a', 'old');
    const turn = await cache.take('a', false);
    expect(turn.kind).toBe('leader');
    if (turn.kind === 'leader') turn.done(answerOf('new'));
    expect(await cache.take('a', true)).toMatchObject({ answer: { completion: { blocks: [{ text: 'new' }] } } });
  });

  it('lets a follower go that cannot wait any longer, and keeps the others waiting', async () => {
    const leader = await cache.take('a', true);
    const waiting = cache.take('a', true);
    expect(await cache.take('a', true, () => Promise.resolve('late'))).toEqual({ kind: 'late' });
    if (leader.kind === 'leader') leader.done(answerOf('hello'));
    expect((await waiting).kind).toBe('hit');
  });
});
