import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InboundDialectId } from '../../src/domain/calls/dialect.ts';
import { postRaw } from '../fake-upstream/index.ts';
import { clientDialects, readEvents, requestOf, viewAnswer } from './support/client-dialects.ts';
import { openAnswer } from './support/open-client.ts';
import { modelOn, raiseStage, type Stage } from './support/stage.ts';

const keepaliveMs = 100;
const idleMs = 1500;
const hugeMiB = 32;
/** Less than any timer: benchmarks measure what is really added, on a machine that does nothing else. */
const maxAddedMs = 20;
const mib = 1024 * 1024;
/** What lies in the kernel's buffers on both sides, and in ours. */
const maxBufferedBytes = 16 * mib;

describe('a slow side', () => {
  let stage: Stage;
  beforeAll(async () => {
    const models: Record<string, object> = {
      late: modelOn(['a-openai-chat', 'late;stall=0'], ['b-openai-chat', 'late']),
      'never-chat': modelOn(['a-openai-chat', 'never-chat;stall=0']),
      huge: modelOn(['b-openai-chat', `huge;huge=${hugeMiB}`]),
      stuck: modelOn(['b-openai-chat', `stuck;huge=${hugeMiB}`]),
      warm: modelOn(['a-openai-chat', 'warm']),
      prompt: modelOn(['a-openai-chat', 'prompt;delay=50;chunks=1']),
      thought: modelOn(['a-anthropic-messages', 'thought;delay=50;reasoning=1;chunks=1']),
    };
    for (const dialect of clientDialects) {
      models[`thinking-${dialect}`] = modelOn([`b-${dialect}`, `thinking-${dialect};delay=900;chunks=3`]);
      models[`never-${dialect}`] = modelOn([`a-${dialect}`, `never-${dialect};stall=0`]);
    }
    const timeouts = { firstTokenMs: 1000, idleMs };
    stage = await raiseStage({
      models,
      timeouts,
      spareTimeouts: { idleMs },
      server: { keepaliveMs, clientStallMs: 6000 },
    });
  });
  afterAll(() => stage.close());

  const ping = {
    'openai-chat': ': ping',
    'openai-responses': ': ping',
    'anthropic-messages': 'event: ping',
    gemini: ': ping',
  };

  it.each(clientDialects)('[scenario 20] a long thought is bridged by keepalives: %s', async (dialect) => {
    const { path, body } = requestOf(dialect, { model: `thinking-${dialect}`, stream: true });
    const answer = await postRaw(`${stage.url}${path}`, body);
    expect(viewAnswer(dialect, true, answer)).toMatchObject({ kind: 'answer', text: 'w1 w2 w3' });
    const lead = answer.text.slice(0, answer.text.search(/w1/));
    expect(lead.split(ping[dialect]).length - 1).toBeGreaterThanOrEqual(2);
    expect(answer.headers['x-switchyard-request-id']).toBeDefined();
    expect(answer.headers['x-switchyard-model']).toBe(`thinking-${dialect}`);
  });

  it('[scenario 20] and the SDKs do not notice them', async () => {
    const openai = new OpenAI({ baseURL: `${stage.url}/v1`, apiKey: 'none' });
    const stream = await openai.chat.completions.create({
      model: 'thinking-openai-chat',
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('w1 w2 w3');
    const anthropic = new Anthropic({ baseURL: stage.url, apiKey: 'none' });
    const message = await anthropic.messages
      .stream({ model: 'thinking-anthropic-messages', max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] })
      .finalMessage();
    expect(message.content).toMatchObject([{ type: 'text', text: 'w1 w2 w3' }]);
  });

  it('[scenario 21] after a keepalive another endpoint still takes over', async () => {
    const { path, body } = requestOf('openai-chat', { model: 'late', stream: true, text: 'reply:saved' });
    const answer = await postRaw(`${stage.url}${path}`, body);
    const view = viewAnswer('openai-chat', true, answer);
    expect(view).toMatchObject({ kind: 'answer', status: 200, text: 'saved' });
    expect(answer.text.startsWith(': ping')).toBe(true);
    expect((await stage.record(view.requestId)).attempts.map(({ fault }) => fault)).toEqual([
      'upstream_timeout',
      undefined,
    ]);
  });

  it.each(clientDialects)('[scenario 21] and where nobody can, the fault is told in band: %s', async (dialect) => {
    const { path, body } = requestOf(dialect, { model: `never-${dialect}`, stream: true });
    const view = viewAnswer(dialect, true, await postRaw(`${stage.url}${path}`, body));
    expect(view).toMatchObject({ kind: 'in-band', status: 200, text: '' });
    const { final } = await stage.record(view.requestId);
    expect(final).toMatchObject({ status: 'failed', fault: 'upstream_timeout', inBand: true, httpStatus: 200 });
  });

  it.each([
    ['text', { dialect: 'openai-chat', model: 'prompt', script: 'delay=50;chunks=1', marker: '"content":"w' }],
    [
      'a thought',
      {
        dialect: 'anthropic-messages',
        model: 'thought',
        script: 'delay=50;reasoning=1;chunks=1',
        marker: '"thinking":"t',
      },
    ],
  ] as const)(
    '[scenario 22] the first content is passed on at once: %s',
    async (_name, { dialect, model, script, marker }) => {
      await warmUp();
      const addedMs: number[] = [];
      for (let round = 0; round < 3; round++) {
        const direct = await firstContentMs(`${stage.fake.url}`, { dialect, model: `${model};${script}`, marker });
        addedMs.push((await firstContentMs(stage.url, { dialect, model, marker })) - direct);
      }
      expect(Math.min(...addedMs)).toBeLessThan(maxAddedMs);
    },
  );

  /** Cold code is slow code, in any process. */
  async function warmUp(): Promise<void> {
    const { path, body } = requestOf('openai-chat', { model: 'warm', stream: true });
    for (let round = 0; round < 15; round++) {
      await Promise.all(Array.from({ length: 8 }, () => postRaw(`${stage.url}${path}`, body)));
    }
  }

  /** Time to the first content, in the best of several tries: others may be held up by whatever else runs here. */
  async function firstContentMs(
    origin: string,
    ask: { dialect: InboundDialectId; model: string; marker: string },
  ): Promise<number> {
    let bestMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 7; round++) {
      const { path, body } = requestOf(ask.dialect, { model: ask.model, stream: true });
      const startedMs = performance.now();
      const answer = openAnswer(`${origin}${path}`, body);
      await new Promise<void>((resolve) => answer.onPiece((piece) => piece.includes(ask.marker) && resolve()));
      bestMs = Math.min(bestMs, performance.now() - startedMs);
      await answer.until(({ isOver }) => isOver);
    }
    return bestMs;
  }

  it('[scenario 23] a client that reads slowly holds the upstream, and no timer takes that for silence', async () => {
    const { path, body } = requestOf('openai-chat', { model: 'huge', stream: true });
    const answer = openAnswer(`${stage.url}${path}`, body);
    await answer.until(({ sizeBytes }) => sizeBytes > 0);
    answer.pause();
    await stage.fake.until((stats) => stats.pauses > 0);
    // Silent for longer than the idle limit, and shorter than the limit for clients that do not read.
    await quietFor(() => stage.fake.stats().bytesSent, idleMs + 200);
    const heldBytes = stage.fake.stats().bytesSent - answer.sizeBytes;
    expect(heldBytes).toBeLessThan(maxBufferedBytes);
    expect(stage.fake.stats().recentAborts.filter(({ model }) => model === 'huge')).toEqual([]);
    answer.resume();
    await answer.until(({ isOver }) => isOver);
    expect(answer.isComplete).toBe(true);
    expect(answer.sizeBytes).toBeGreaterThan(hugeMiB * mib);
    expect((await stage.recordOf('huge')).status).toBe('completed');
  });

  it('[scenario 23] a client that stops reading is given up', async () => {
    const { path, body } = requestOf('openai-chat', { model: 'stuck', stream: true });
    const answer = openAnswer(`${stage.url}${path}`, body);
    await answer.until(({ sizeBytes }) => sizeBytes > 0);
    answer.pause();
    await stage.fake.until((stats) => stats.recentAborts.some(({ model }) => model === 'stuck'));
    const { status, final } = await stage.recordOf('stuck');
    expect(status).toBe('aborted');
    expect(final).toMatchObject({ fault: 'client_gone', httpStatus: 499 });
    answer.abort();
  });

  it('a keepalive never stands inside an event', async () => {
    const { path, body } = requestOf('openai-responses', { model: 'thinking-openai-responses', stream: true });
    const { text } = await postRaw(`${stage.url}${path}`, body);
    expect(readEvents(text)).not.toContain(undefined);
  });
});

/** Resolves once a figure has not changed for so long. */
async function quietFor(read: () => number, quietMs: number): Promise<void> {
  let last = read();
  let sinceMs = performance.now();
  while (performance.now() - sinceMs < quietMs) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const now = read();
    if (now !== last) sinceMs = performance.now();
    last = now;
  }
}
