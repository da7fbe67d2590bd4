import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Simulator } from './index.ts';
import { startSimulator } from './index.ts';

let simulator: Simulator;
let client: Anthropic;

beforeAll(async () => {
  simulator = await startSimulator();
  client = new Anthropic({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 });
});
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const user = (content: string): Anthropic.MessageParam => ({ role: 'user', content });
const tool: Anthropic.Tool = {
  name: 'weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

describe('messages through the Anthropic client', () => {
  it('answers and counts', async () => {
    const message = await client.messages.create({
      model: 'claude-mock',
      max_tokens: 100,
      messages: [user('reply:hi')],
    });
    expect(message.content).toEqual([{ type: 'text', text: 'hi' }]);
    expect(message.stop_reason).toBe('end_turn');
    expect(message.usage).toMatchObject({ input_tokens: 2, output_tokens: 1, cache_read_input_tokens: 0 });
    const counted = await client.messages.countTokens({ model: 'claude-mock', messages: [user('reply:hi')] });
    expect(counted.input_tokens).toBe(2);
  });

  it('streams text and refuses without a limit of output', async () => {
    const stream = client.messages.stream({ model: 'claude-mock?chunks=4', max_tokens: 100, messages: [user('hi')] });
    expect(await stream.finalText()).toBe('w1 w2 w3 w4');
    const unlimited = { model: 'claude-mock', messages: [user('hi')] } as Anthropic.MessageCreateParamsNonStreaming;
    await expect(client.messages.create(unlimited)).rejects.toMatchObject({ status: 400 });
  });

  it('runs a tool loop with streamed arguments', async () => {
    const request = { model: 'claude-mock', max_tokens: 100, tools: [tool] };
    const first = await client.messages.stream({ ...request, messages: [user('weather?')] }).finalMessage();
    const use = first.content.find((block) => block.type === 'tool_use');
    expect(first.stop_reason).toBe('tool_use');
    expect(use?.input).toEqual({ city: 'simulated' });
    const result = { type: 'tool_result' as const, tool_use_id: use?.id ?? '', content: 'fog' };
    const second = await client.messages.create({
      ...request,
      messages: [user('weather?'), { role: 'assistant', content: first.content }, { role: 'user', content: [result] }],
    });
    expect(second.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('fog') });
    const unanswered = client.messages.create({
      ...request,
      messages: [user('weather?'), { role: 'assistant', content: first.content }, user('and?')],
    });
    await expect(unanswered).rejects.toThrow(/tool_use.*without.*tool_result/);
  });

  it('produces an instance of a JSON schema', async () => {
    const message = await client.messages.create({
      model: 'claude-mock',
      max_tokens: 100,
      messages: [user('hi')],
      output_config: {
        format: { type: 'json_schema', schema: { type: 'object', properties: { ok: { type: 'boolean' } } } },
      },
    });
    expect(message.content).toEqual([{ type: 'text', text: '{"ok":true}' }]);
  });

  it('ends a refusal with its own stop reason, after the words already said', async () => {
    const stream = client.messages.stream({
      model: 'claude-mock?chunks=5&refuse=2',
      max_tokens: 100,
      messages: [user('hi')],
    });
    const message = await stream.finalMessage();
    expect(message.stop_reason).toBe('refusal');
    expect(message.content[0]).toMatchObject({ text: expect.stringMatching(/^w1 w2 I cannot/) });
  });
});

describe('signed thinking', () => {
  const model = 'claude-mock?reasoning=3&signatures=strict';
  const request = {
    model,
    max_tokens: 2000,
    tools: [tool],
    thinking: { type: 'enabled' as const, budget_tokens: 1024 },
  };
  const turnTwo = (content: Anthropic.ContentBlockParam[], id: string): Anthropic.MessageParam[] => [
    user('weather?'),
    { role: 'assistant', content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] },
  ];

  it('is accepted on turn 2 when returned exactly, and refused when altered, unsigned or missing', async () => {
    const first = await client.messages.stream({ ...request, messages: [user('weather?')] }).finalMessage();
    const [thinking, use] = first.content;
    if (thinking?.type !== 'thinking' || use?.type !== 'tool_use') throw new Error('unexpected blocks');
    expect(thinking.thinking).toBe('thought 1. thought 2. thought 3. ');
    const send = (content: unknown[]) =>
      client.messages.create({ ...request, messages: turnTwo(content as Anthropic.ContentBlockParam[], use.id) });
    await expect(send([thinking, use])).resolves.toMatchObject({ stop_reason: 'end_turn' });
    await expect(send([{ type: 'thinking', thinking: 'x' }, use])).rejects.toThrow(/signature: Field required/);
    await expect(send([{ ...thinking, thinking: 'other' }, use])).rejects.toThrow(/Invalid `signature`/);
    await expect(send([use])).rejects.toThrow(/Expected `thinking`/);
  });

  it.each(['redacted', 'signature-only'])('comes as a %s block', async (form) => {
    const first = await client.messages
      .stream({ ...request, model: `${model}&thinking=${form}`, messages: [user('weather?')] })
      .finalMessage();
    expect(first.content[0]?.type).toBe(form === 'redacted' ? 'redacted_thinking' : 'thinking');
    const use = first.content.at(-1);
    if (use?.type !== 'tool_use') throw new Error('no call');
    const second = client.messages.create({ ...request, messages: turnTwo(first.content, use.id) });
    await expect(second).resolves.toMatchObject({ stop_reason: 'end_turn' });
  });
});

describe('prefill', () => {
  const prefilled = (model: string, text: string) =>
    client.messages.create({
      model,
      max_tokens: 100,
      messages: [user('reply:one two three'), { role: 'assistant', content: text }],
    });

  it('is continued without repeating it', async () => {
    expect((await prefilled('claude-mock', 'one two')).content).toEqual([{ type: 'text', text: ' three' }]);
  });

  it('is refused with trailing space, and by models without it', async () => {
    await expect(prefilled('claude-mock', 'one ')).rejects.toThrow(/trailing whitespace/);
    await expect(prefilled('claude-mock?prefill=reject', 'one')).rejects.toThrow(
      /does not support assistant message prefill/,
    );
  });
});

describe('the prompt cache', () => {
  it('writes what is marked and reads it back on the next turn, per label', async () => {
    const system = [{ type: 'text' as const, text: 'x'.repeat(400), cache_control: { type: 'ephemeral' as const } }];
    const ask = (label: string, messages: Anthropic.MessageParam[]) =>
      client.messages.create({ model: `claude-mock?cache=${label}`, max_tokens: 100, system, messages });
    expect((await ask('a', [user('one')])).usage).toMatchObject({
      input_tokens: 1,
      cache_creation_input_tokens: 100,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 0 },
    });
    const again = await ask('a', [user('two')]);
    expect(again.usage).toMatchObject({
      input_tokens: 1,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 100,
    });
    expect((await ask('b', [user('two')])).usage.cache_read_input_tokens).toBe(0);
  });
});

describe('Anthropic on Vertex', () => {
  it('takes model and streaming from the path', async () => {
    const path = '/v1/projects/p/locations/l/publishers/anthropic/models/claude-vertex:streamRawPredict';
    const body = { anthropic_version: 'vertex-2023-10-16', max_tokens: 10, messages: [user('reply:v')] };
    const answer = await fetch(simulator.url + path, { method: 'POST', body: JSON.stringify(body) });
    const text = await answer.text();
    expect(text).toContain('"model":"claude-vertex"');
    expect(text).toContain('event: message_stop');
  });
});
