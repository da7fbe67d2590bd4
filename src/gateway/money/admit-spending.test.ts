import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { openAIChatInbound } from '../../protocols/index.ts';
import { admitSpending, type AskedSpending } from './admit-spending.ts';
import { OutputLengths } from './output-lengths.ts';

type Parts = Parameters<typeof admitSpending>[1];

const money = {
  gate: { isHardLimited: () => false, admit: () => ({}) },
  planOf: () => ({}),
} as unknown as Parts['money'];

function limitOf(body: object, copy?: { maxOutputTokens: number }): unknown {
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
    { money, lengths: new OutputLengths() },
  );
  if (Fault.is(admitted) || admitted instanceof Promise) throw new Error('not admitted');
  const sent = JSON.parse(admitted.request.bytes.toString()) as { [field: string]: unknown };
  return sent['max_completion_tokens'] ?? sent['max_tokens'];
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
