import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModel } from 'ai';
import { embed, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeUpstream } from '../../test/fake-upstream/index.ts';
import { collect, startFakeUpstream } from '../../test/fake-upstream/index.ts';

let fake: FakeUpstream;

beforeAll(async () => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  fake = await startFakeUpstream();
});
afterAll(() => fake.close());

const dialects = ['compatible', 'chat', 'responses', 'anthropic', 'google'] as const;

function modelOf(dialect: (typeof dialects)[number], name: string): LanguageModel {
  const baseURL = fake.baseUrl;
  const apiKey = 'test';
  switch (dialect) {
    case 'compatible':
      return createOpenAICompatible({
        name: 'fake',
        baseURL,
        apiKey,
        includeUsage: true,
        supportsStructuredOutputs: true,
      })(name);
    case 'chat':
      return createOpenAI({ baseURL, apiKey }).chat(name);
    case 'responses':
      return createOpenAI({ baseURL, apiKey }).responses(name);
    case 'anthropic':
      return createAnthropic({ baseURL, apiKey })(name);
    case 'google':
      return createGoogleGenerativeAI({ baseURL: fake.geminiUrl, apiKey })(name);
  }
}

describe.each(dialects)('the AI SDK over %s', (dialect) => {
  it('streams text with usage', async () => {
    const result = streamText({ model: modelOf(dialect, 'm'), prompt: 'reply:one two three', maxRetries: 0 });
    expect((await collect(result.textStream)).join('')).toBe('one two three');
    expect(await result.finishReason).toBe('stop');
    expect((await result.usage).outputTokens).toBe(4);
  });

  it('runs a tool loop to its end', async () => {
    const seen: unknown[] = [];
    const weather = tool({
      inputSchema: jsonSchema<{ city: string }>({
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
      }),
      execute: (input) => {
        seen.push(input);
        return { sky: 'blue' };
      },
    });
    const result = streamText({
      model: modelOf(dialect, 'm'),
      prompt: 'How is it?',
      tools: { weather },
      stopWhen: stepCountIs(3),
      maxRetries: 0,
    });
    expect(await result.text).toContain('blue');
    expect(seen).toEqual([{ city: 'simulated' }]);
  });

  it('makes a structured object', async () => {
    const schema = jsonSchema<{ ok: boolean }>({
      type: 'object',
      properties: { ok: { type: 'boolean' } },
      required: ['ok'],
      additionalProperties: false,
    });
    const name = dialect === 'anthropic' ? 'claude-sonnet-4-5' : 'm';
    const result = await generateText({
      model: modelOf(dialect, name),
      prompt: 'make one',
      output: Output.object({ schema }),
      maxRetries: 0,
    });
    expect(result.output).toEqual({ ok: true });
  });

  it('retries a failure that comes first', async () => {
    const name = `m;fail=503;first=1;retry=ms:1;key=${dialect}`;
    const result = await generateText({ model: modelOf(dialect, name), prompt: 'reply:again', maxRetries: 1 });
    expect(result.text).toBe('again');
  });
});

describe('the AI SDK', () => {
  it('embeds', async () => {
    const model = createOpenAI({ baseURL: fake.baseUrl, apiKey: 'test' }).embedding('embed');
    expect((await embed({ model, value: 'a', maxRetries: 0 })).embedding).toHaveLength(8);
  });

  it('reads reasoning in chat and messages', async () => {
    for (const dialect of ['compatible', 'anthropic'] as const) {
      const result = streamText({ model: modelOf(dialect, 'm;reasoning=2;reply=x'), prompt: 'hi', maxRetries: 0 });
      expect(await result.reasoningText).toBe('thought 1. thought 2. ');
    }
  });
});
