import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Simulator } from '../index.ts';
import { startSimulator } from '../index.ts';

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator({ instant: true, script: 'chunks=7' });
});
afterAll(() => simulator.close());

describe('instant answers', () => {
  it('are whole answers and streams for real clients', async () => {
    const openai = new OpenAI({ apiKey: 'x', baseURL: `${simulator.url}/v1` });
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const answer = await openai.chat.completions.create({ model: 'any', messages });
    expect(answer.choices[0]?.message.content).toBe('w1 w2 w3 w4 w5 w6 w7');
    const stream = openai.chat.completions.stream({ model: 'any', messages });
    expect(await stream.finalContent()).toBe('w1 w2 w3 w4 w5 w6 w7');
    const response = await openai.responses.stream({ model: 'any', input: 'hi' }).finalResponse();
    expect(response.output_text).toBe('w1 w2 w3 w4 w5 w6 w7');
    const anthropic = new Anthropic({ apiKey: 'x', baseURL: simulator.url });
    const message = await anthropic.messages.stream({ model: 'any', max_tokens: 10, messages }).finalMessage();
    expect(message.usage.output_tokens).toBe(7);
  });

  it('keep a pace when asked, and are counted', async () => {
    const paced = await startSimulator({ instant: true, script: 'chunks=3&gap=10&stamp' });
    const startedAtMs = Date.now();
    const openai = new OpenAI({ apiKey: 'x', baseURL: `${paced.url}/v1` });
    const stream = openai.chat.completions.stream({ model: 'any', messages: [{ role: 'user', content: 'hi' }] });
    const times = (await stream.finalContent())?.trim().split(' ').map(Number) ?? [];
    expect(times).toHaveLength(3);
    expect(times[0]).toBeGreaterThanOrEqual(startedAtMs);
    expect((times[2] ?? 0) - startedAtMs).toBeGreaterThanOrEqual(18);
    expect(paced.stats()).toMatchObject({ requests: 1, completed: 1 });
    await paced.close();
  });

  it('exist for generation only', async () => {
    expect((await fetch(`${simulator.url}/v1/files`)).status).toBe(404);
  });
});
