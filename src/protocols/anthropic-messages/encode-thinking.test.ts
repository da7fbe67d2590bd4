import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { Message, ModelCall, ReasoningRequest } from '../../domain/calls/model-call.ts';
import type { EncodedCall } from '../contract.ts';
import { claudeTraits } from './claude-traits.ts';
import { anthropicMessagesOutbound } from './outbound.ts';

const hi: Message = { role: 'user', content: [{ type: 'text', text: 'Hi' }] };

function encode(upstreamModel: string, reasoning: ReasoningRequest, more: Partial<ModelCall> = {}): EncodedCall {
  const call: ModelCall = {
    dialect: 'openai-chat',
    model: 'm',
    stream: false,
    messages: [hi],
    tools: [],
    sampling: {},
    maxOutputTokens: 10_000,
    reasoning,
    pointers: { reasoning: '/reasoning_effort', 'sampling.temperature': '/temperature' },
    rest: {},
    ...more,
  };
  const encoded = anthropicMessagesOutbound.encodeCall(call, {
    upstreamModel,
    requiredMaxOutputTokens: 8192,
    assistantPrefill: true,
    nativeJsonSchema: true,
  });
  if (Fault.is(encoded)) throw encoded;
  return encoded;
}

describe('reasoning in a Messages request', () => {
  it.each<[string, ReasoningRequest, object]>([
    ['claude-sonnet-4-5', { effort: 'medium' }, { thinking: { type: 'enabled', budget_tokens: 5000 } }],
    ['claude-sonnet-4-5', { effort: 'minimal' }, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
    ['claude-sonnet-4-5', { budgetTokens: 3000 }, { thinking: { type: 'enabled', budget_tokens: 3000 } }],
    ['claude-sonnet-4-5', { effort: 'none' }, { thinking: { type: 'disabled' } }],
    ['glm-5.2', { enabled: true }, { thinking: { type: 'enabled', budget_tokens: 5000 } }],
    ['claude-opus-4-6', { effort: 'high' }, { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }],
    ['claude-opus-4-6', { effort: 'xhigh' }, { output_config: { effort: 'high' } }],
    ['claude-opus-4-8', { effort: 'xhigh' }, { output_config: { effort: 'xhigh' } }],
    ['claude-opus-4-8', { effort: 'minimal' }, { output_config: { effort: 'low' } }],
    ['claude-opus-4-8', { enabled: true, summary: 'auto' }, { thinking: { type: 'adaptive', display: 'summarized' } }],
  ])('for %s takes %j in its own form', (model, reasoning, fields) => {
    const { body, dropped } = encode(model, reasoning);
    expect(body).toMatchObject(fields);
    expect(dropped).toEqual([]);
  });

  it.each<{ readonly when: string; readonly model?: string; readonly more?: Partial<ModelCall> }>([
    { when: 'the output limit leaves no room', more: { maxOutputTokens: 1000 } },
    { when: 'a call is forced', more: { tools: [{ type: 'function', name: 'f' }], toolChoice: { type: 'required' } } },
    { when: 'it cannot be turned off', model: 'claude-opus-5-5', more: { reasoning: { effort: 'none' } } },
    {
      when: 'the answer is begun',
      more: { messages: [hi, { role: 'assistant', content: [{ type: 'text', text: 'So' }] }] },
    },
  ])('leaves thinking out, by name, when $when', ({ model = 'claude-sonnet-4-5', more = {} }) => {
    const { body, dropped } = encode(model, { effort: 'high' }, more);
    expect(body).not.toHaveProperty('thinking');
    expect(dropped).toEqual(['/reasoning_effort']);
  });

  it('[scenario 51] leaves thinking out in a tool loop whose proof of thinking is lost, or the turn would be refused', () => {
    const messages: Message[] = [
      hi,
      { role: 'assistant', content: [{ type: 'tool-call', id: 't', name: 'f', arguments: '{}' }] },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 't', content: [] }] },
    ];
    expect(encode('claude-sonnet-4-5', { effort: 'high' }, { messages }).body).not.toHaveProperty('thinking');
    const [first, second, third] = messages;
    if (first === undefined || second === undefined || third === undefined) throw new Error('three turns');
    const foreign = {
      type: 'reasoning',
      text: 'Hm',
      signature: 'CiQB',
      provenance: 'gemini',
      at: '/messages/1/content/0',
    } as const;
    const moved = [first, { ...second, content: [foreign, ...second.content] }, third];
    const own = { dialect: 'anthropic-messages', messages: moved };
    const { body, dropped } = encode('claude-sonnet-4-5', { enabled: true, budgetTokens: 2048 }, own);
    expect(body).not.toHaveProperty('thinking');
    expect(dropped).toEqual(['/messages/1/content/0', '/reasoning_effort']);
  });

  it('sends budgets that had to change with a note', () => {
    const { body, dropped } = encode('claude-sonnet-4-5', { budgetTokens: 20_000 });
    expect(body).toMatchObject({ thinking: { budget_tokens: 9999 } });
    expect(dropped).toEqual(['/reasoning_effort']);
  });

  it('leaves out sampling that thinking excludes', () => {
    const { body, dropped } = encode('claude-sonnet-4-5', { effort: 'high' }, { sampling: { temperature: 0.3 } });
    expect(body).not.toHaveProperty('temperature');
    expect(dropped).toEqual(['/temperature']);
  });

  it.each<[ReasoningRequest, object]>([
    [{ enabled: true, budgetTokens: 2048 }, { thinking: { type: 'enabled', budget_tokens: 2048 } }],
    [{ enabled: true, summary: 'omitted' }, { thinking: { type: 'adaptive', display: 'omitted' } }],
    [
      { enabled: false, effort: 'low' },
      { thinking: { type: 'disabled' }, output_config: { effort: 'low' } },
    ],
    [{ effort: 'max' }, { output_config: { effort: 'max' } }],
  ])('gives a client of this dialect its own words: %j', (reasoning, fields) => {
    for (const model of ['claude-sonnet-4-5', 'claude-opus-5']) {
      expect(encode(model, reasoning, { dialect: 'anthropic-messages' }).body).toMatchObject(fields);
    }
  });
});

describe('the generation of a model', () => {
  it.each([
    ['claude-3-5-sonnet-20241022', 'budget', true],
    ['claude-sonnet-4-20250514', 'budget', true],
    ['anthropic/claude-haiku-4.5', 'budget', true],
    ['us.anthropic.claude-opus-4-6-v1:0', 'adaptive', true],
    ['anthropic/claude-4.7-opus', 'adaptive', false],
    ['claude-opus-4-8@20260528', 'adaptive', false],
    ['claude-sonnet-5', 'adaptive', false],
    ['minimax-m2', 'budget', true],
  ])('of %s is read from any spelling', (model, thinking, sampling) => {
    expect(claudeTraits(model)).toMatchObject({ thinking, sampling });
  });
});
