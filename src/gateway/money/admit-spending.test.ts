import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { openAIChatInbound } from '../../protocols/index.ts';
import { admitSpending, type AskedSpending } from './admit-spending.ts';
import type { SpenderRequest } from '../../tenants/index.ts';
import { OutputLengths } from './output-lengths.ts';

type Parts = Parameters<typeof admitSpending>[1];

function moneyWith(gate: object): Parts['money'] {
  const all = { isHardLimited: () => false, isTokenLimited: () => false, admit: () => ({}), ...gate };
  return { gate: all, planOf: () => ({}) } as unknown as Parts['money'];
}

function sent(body: object, gate: object = {}, copy?: { maxOutputTokens: number }): { [field: string]: unknown } {
  const asked = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body };
  const head = openAIChatInbound.readHead(asked, { operation: 'generate' });
  if (Fault.is(head)) throw head;
  const received = {
    inbound: openAIChatInbound,
    requestId: 'r',
    key: { customer: 'c', name: 'k' },
    controls: {},
    copy,
  };
  const request = { body: asked, bytes: Buffer.from(JSON.stringify(asked)), head, asked };
  const choice = { decision: { ranked: [{ limits: { maxOutputTokens: 2048 } }] } };
  const admitted = admitSpending(
    { received, request, choice, inputEstimateTokens: 1, atMs: 0 } as unknown as AskedSpending,
    { money: moneyWith(gate), lengths: new OutputLengths() },
  );
  if (Fault.is(admitted) || admitted instanceof Promise) throw new Error('not admitted');
  return JSON.parse(admitted.request.bytes.toString()) as { [field: string]: unknown };
}

function limitOf(body: object, copy?: { maxOutputTokens: number }): unknown {
  const request = sent(body, {}, copy);
  return request['max_completion_tokens'] ?? request['max_tokens'];
}

describe('the length of a copied answer', () => {
  it('is limited where the request has no limit, within what the model can write', () => {
    expect(limitOf({}, { maxOutputTokens: 1000 })).toBe(1000);
    expect(limitOf({}, { maxOutputTokens: 4096 })).toBe(2048);
    expect(limitOf({ max_tokens: 5 }, { maxOutputTokens: 1000 })).toBe(5);
  });

  it('is left as it is in every other request', () => {
    expect(limitOf({})).toBeUndefined();
  });
});

describe('what a limit of tokens per minute expects', () => {
  const estimateOf = (body: object, isTokenLimited = true): number => {
    let tokens = -1;
    const admit = (request: SpenderRequest): object => {
      tokens = request.tokensEstimate;
      return {};
    };
    sent(body, { isTokenLimited: () => isTokenLimited, admit });
    return tokens;
  };

  it('is the input and as many tokens as every alternative may have', () => {
    expect(estimateOf({ max_tokens: 50 })).toBe(51);
    expect(estimateOf({ max_tokens: 50, n: 3 })).toBe(151);
  });

  it('is a usual answer where the request sets no limit: many at once must not pass by', () => {
    expect(estimateOf({})).toBe(1025);
  });

  it('is nothing where no such limit applies', () => {
    expect(estimateOf({ max_tokens: 50 }, false)).toBe(0);
  });
});
