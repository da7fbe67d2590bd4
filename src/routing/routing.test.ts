import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../domain/calls/endpoint.ts';
import type { OutcomeFact } from '../domain/facts/facts.ts';
import { Fault } from '../domain/faults/fault.ts';
import { type Decision, decide, type DecisionInput } from './decide.ts';
import { OutcomeBook } from './outcome-book.ts';
import { StickyMap } from './sticky-map.ts';

const needs = { tools: false, images: false, audio: false, documents: false, reasoning: false, inputTokens: 100 };

function endpointOf(id: string, changes: Partial<Endpoint> = {}): Endpoint {
  const host = {
    id: id.split('/')[0] ?? id,
    protocol: 'openai-chat' as const,
    providerId: 'generic-openai-chat',
    baseUrl: 'http://127.0.0.1/v1',
    auth: { type: 'none' as const },
    timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
    headers: {},
    maxConnections: 1,
  };
  const plain = {
    id,
    modelName: 'm',
    host,
    upstreamModel: id,
    weight: 1,
    price: undefined,
    limits: {},
    capabilities: {},
  };
  return { ...plain, ...changes };
}

function decideOf(changes: Partial<DecisionInput>): Decision {
  const candidates = [{ model: 'm', endpoints: ['a/1', 'b/1', 'c/1'].map((id) => endpointOf(id)) }];
  const input = { candidates, needs, conversation: 'x', warmEndpointId: undefined, unavailable: new Map(), ...changes };
  const decision = decide(input);
  if (Fault.is(decision)) throw decision;
  return decision;
}

function outcomeOf(value: number, changes: Partial<OutcomeFact> = {}): OutcomeFact {
  return {
    type: 'outcome',
    requestId: 'r',
    atMs: 0,
    kind: 'score',
    source: 't',
    job: 'j',
    model: 'small',
    value,
    ...changes,
  };
}

describe('deciding', () => {
  it('gives the same decision for the same input, and every endpoint its share over many conversations', () => {
    const first = new Map<string, number>();
    for (let count = 0; count < 3000; count++) {
      const conversation = `conversation ${count}`;
      const ids = decideOf({ conversation }).ranked.map(({ id }) => id);
      expect(decideOf({ conversation }).ranked.map(({ id }) => id)).toEqual(ids);
      first.set(ids[0] ?? '', (first.get(ids[0] ?? '') ?? 0) + 1);
    }
    for (const share of first.values()) expect(share / 3000).toBeCloseTo(1 / 3, 1);
  });

  it('follows the weights', () => {
    const endpoints = [endpointOf('a/1', { weight: 3 }), endpointOf('b/1', { weight: 1 })];
    let heavy = 0;
    for (let count = 0; count < 4000; count++) {
      const { ranked } = decideOf({ candidates: [{ model: 'm', endpoints }], conversation: `c${count}` });
      if (ranked[0]?.id === 'a/1') heavy++;
    }
    expect(heavy / 4000).toBeCloseTo(0.75, 1);
  });

  it('keeps a warm conversation on its endpoint, and records what leaving it costs', () => {
    for (const warmEndpointId of ['a/1', 'b/1', 'c/1']) {
      expect(decideOf({ warmEndpointId }).ranked[0]?.id).toBe(warmEndpointId);
    }
    const price = { versionId: 'v', picosPerUnit: { input: 3_000_000n, cacheRead: 300_000n } };
    const endpoints = [endpointOf('a/1', { price }), endpointOf('b/1', { price })];
    const unavailable = new Map([['a/1', 'its circuit is open for 30 s']]);
    const left = decideOf({ candidates: [{ model: 'm', endpoints }], warmEndpointId: 'a/1', unavailable });
    expect(left.ranked.map(({ id }) => id)).toEqual(['b/1', 'a/1']);
    expect(left.switchNanos).toBe(270_000n);
    expect(left.reasons.join()).toContain('is left: its circuit is open');
  });

  it('never ranks an endpoint that states it cannot do what is needed, and names the reason', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), (supports) => {
        const endpoints = supports.map((tools, index) => endpointOf(`h${index}/1`, { capabilities: { tools } }));
        const decision = decide({
          candidates: [{ model: 'm', endpoints }],
          needs: { ...needs, tools: true },
          conversation: 'x',
          warmEndpointId: 'h0/1',
          unavailable: new Map(),
        });
        if (Fault.is(decision)) {
          expect(supports).not.toContain(true);
          expect(decision.message).toContain('does not support tools');
        } else expect(decision.ranked.every(({ capabilities }) => capabilities.tools)).toBe(true);
      }),
    );
  });
});

describe('outcomes', () => {
  it('count once per idempotency key', () => {
    const book = new OutcomeBook();
    expect(book.note(outcomeOf(0, { idempotencyKey: 'k' }))).toBe(true);
    expect(book.note(outcomeOf(0, { idempotencyKey: 'k' }))).toBe(false);
    expect(book.of('r')).toHaveLength(1);
  });
});

describe('sticky map', () => {
  it('forgets idle conversations, and the least recently used first when it is full', () => {
    let nowMs = 0;
    const map = new StickyMap({ nowMs: () => nowMs, monotonicMs: () => nowMs }, 1000, 2);
    map.set('a', '1');
    map.set('b', '2');
    map.set('a', '1');
    map.set('c', '3');
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual(['1', undefined, '3']);
    nowMs = 1001;
    expect(map.get('a')).toBeUndefined();
    expect(map.size).toBe(1);
  });
});
