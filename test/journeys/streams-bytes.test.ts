import type { ServerResponse } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InboundDialectId } from '../../src/domain/calls/dialect.ts';
import { postRaw } from '../fake-upstream/index.ts';
import { clientDialects, type ClientView, readEvents, requestOf, viewAnswer } from './support/client-dialects.ts';
import { type RawUpstream, sendStream, startRawUpstream } from './support/raw-upstream.ts';
import { modelOn, raiseStage, type Stage } from './support/stage.ts';

/** Oddities of a stream that must survive being passed through. */
const forms = [
  'chunks=5',
  'eol=crlf',
  'eol=cr',
  'bom=true',
  'pad=true;comments=true',
  'noFinalNewline=true',
  'reasoning=3',
  'calls=2',
  'filter=true',
  'length=600',
] as const;
const pieceSizes = [1, 13, 100_000] as const;
const tool = { name: 'weigh', parameters: { type: 'object', properties: { grams: { type: 'integer' } } } };

/** Asks for tools where the form wants calls. */
function toolsOf(dialect: InboundDialectId): object {
  switch (dialect) {
    case 'openai-chat':
      return { tools: [{ type: 'function', function: tool }] };
    case 'openai-responses':
      return { tools: [{ type: 'function', ...tool }] };
    case 'anthropic-messages':
      return { tools: [{ name: tool.name, input_schema: tool.parameters }] };
    case 'gemini':
      return { tools: [{ functionDeclarations: [tool] }] };
  }
}

/** One event that takes three times the idle limit, but never goes silent for long. */
function dribble(response: ServerResponse): void {
  const chunk = (choice: object): string =>
    `data: ${JSON.stringify({ id: 'c1', choices: [{ index: 0, ...choice }] })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(chunk({ delta: { content: 'Now: ' } }));
  const [first = '', ...pieces] = chunk({ delta: { content: 'x'.repeat(200) } }).match(/.{1,8}|\n+/gs) ?? [];
  response.write(first);
  const timer = setInterval(() => {
    const next = pieces.shift();
    if (next !== undefined) return void response.write(next);
    clearInterval(timer);
    response.end(`${chunk({ delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`);
  }, 100);
}

const pad = (text: string): string => text.replaceAll(' ', '');

describe('bytes', () => {
  let stage: Stage;
  let raw: RawUpstream;
  /** What the raw upstream sends, by model: recorded from the fake upstream, in pieces. */
  const recordings = new Map<string, { bytes: Buffer; pieceBytes: number }>();
  const written = new Map<string, string>();

  beforeAll(async () => {
    raw = await startRawUpstream(({ response }, model) => {
      const recording = recordings.get(model);
      if (model === 'slow-event') return dribble(response);
      if (!recording) return sendStream(response, written.get(model) ?? '');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const { bytes, pieceBytes } = recording;
      for (let from = 0; from < bytes.length; from += pieceBytes)
        response.write(bytes.subarray(from, from + pieceBytes));
      response.end();
    });
    const models: Record<string, object> = {};
    const hosts: Record<string, object> = {};
    for (const dialect of clientDialects) {
      hosts[`raw-${dialect}`] = { protocol: dialect, baseUrl: raw.baseUrl };
      hosts[`hasty-${dialect}`] = { protocol: dialect, baseUrl: raw.baseUrl, timeouts: { idleMs: 1000 } };
      for (const form of forms) models[`form-${dialect}-${form}`] = modelOn([`a-${dialect}`, `form;${form}`]);
      for (const pieceBytes of pieceSizes) {
        for (const form of forms) {
          const name = `copy-${dialect}-${pad(form)}-${pieceBytes}`;
          models[name] = modelOn([`raw-${dialect}`, name]);
        }
      }
      models[`plain-${dialect}`] = modelOn([`raw-${dialect}`, `plain-${dialect}`]);
    }
    for (const name of ['fragment', 'no-blank-line', 'late-fragment'])
      models[name] = modelOn(['raw-openai-chat', name]);
    models['half-an-event'] = modelOn(
      ['raw-anthropic-messages', 'half-an-event'],
      ['a-anthropic-messages', 'half-an-event'],
    );
    models['slow-event'] = modelOn(['hasty-openai-chat', 'slow-event']);
    models['restarted'] = modelOn(['raw-anthropic-messages', 'restarted']);
    models['restarted-late'] = modelOn(['a-anthropic-messages', 'restarted-late;start=spliced;chunks=6']);
    models['damaged-array'] = modelOn(['a-gemini', 'damaged-array;malformed=2;chunks=4']);
    models['array'] = modelOn(['a-gemini', 'array;chunks=4']);
    stage = await raiseStage({ models, hosts });
  });
  afterAll(async () => {
    await raw.close();
    await stage.close();
  });

  async function ask(dialect: InboundDialectId, model: string): Promise<ClientView> {
    const { path, body } = requestOf(dialect, { model, stream: true });
    return viewAnswer(dialect, true, await postRaw(`${stage.url}${path}`, body));
  }

  it.each(clientDialects)('[scenario 1] out are the bytes in, however they are cut: %s', async (dialect) => {
    const differing: string[] = [];
    await Promise.all(
      forms.map(async (form) => {
        const more = form.includes('calls') ? toolsOf(dialect) : {};
        const { path, body } = requestOf(dialect, { model: `form;${form}`, stream: true, more });
        const { bytes } = await postRaw(`${stage.fake.url}${path}`, body);
        expect(bytes.length).toBeGreaterThan(100);
        for (const pieceBytes of pieceSizes) {
          const model = `copy-${dialect}-${pad(form)}-${pieceBytes}`;
          recordings.set(model, { bytes, pieceBytes });
          const request = requestOf(dialect, { model, stream: true, more });
          const answer = await postRaw(`${stage.url}${request.path}`, request.body);
          if (answer.status !== 200 || !answer.bytes.equals(bytes))
            differing.push(`${form} in pieces of ${pieceBytes}`);
        }
      }),
    );
    expect(differing).toEqual([]);
  });

  it.each(clientDialects)(
    '[scenario 5] [scenario 6] unknown fields and large integers reach the upstream as they were: %s',
    async (dialect) => {
      const model = `plain-${dialect}`;
      const more = { future_field: { deep: [1, null, { twice: 'ä€😀' }] } };
      const { path, body } = requestOf(dialect, { model, stream: false, more });
      const sent = `${JSON.stringify(body).slice(0, -1)},  "big": 9007199254740993, "tiny": 1e-7, "twice": 1, "twice": 2 }`;
      await fetch(`${stage.url}${path}`, { method: 'POST', body: sent });
      const seen = raw.calls.find((call) => call.path.includes(model) || call.body['model'] === model);
      expect(seen?.bodyText).toBe(sent);
    },
  );

  it('[scenario 15] an event cut in the middle does not swallow the error', async () => {
    const chunk = JSON.stringify({
      id: 'c1',
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: { content: 'Hello' } }],
    });
    written.set('fragment', `data: ${chunk}\n\ndata: {"id":"c1","obj`);
    expect(await ask('openai-chat', 'fragment')).toMatchObject({
      kind: 'in-band',
      text: 'Hello',
      errorCode: 'truncated',
    });
    written.set('half-an-event', 'event: message_start\ndata: {"type":"message_start","message":{"id":"m');
    expect(await ask('anthropic-messages', 'half-an-event')).toMatchObject({ kind: 'answer', attempts: 2 });
  });

  it('[scenario 16] a good end is completed even where the upstream left out the last line end', async () => {
    const chunk = (choice: object): string =>
      `data: ${JSON.stringify({ id: 'c1', choices: [{ index: 0, ...choice }] })}`;
    const finish = chunk({ delta: {}, finish_reason: 'stop' });
    written.set('no-blank-line', `${chunk({ delta: { content: 'Hello' } })}\n\n${finish}\n`);
    written.set('late-fragment', `${chunk({ delta: { content: 'Hello' } })}\n\n${finish}\n\ndata: {"usage`);
    for (const model of ['no-blank-line', 'late-fragment']) {
      const view = await ask('openai-chat', model);
      expect(view).toMatchObject({ kind: 'answer', text: 'Hello', finish: 'stop' });
      expect(readEvents(view.raw)).not.toContain(undefined);
      expect((await stage.record(view.requestId)).attempts[0]).toMatchObject({
        usageSource: 'estimated',
        flags: expect.arrayContaining(['estimated']),
      });
    }
  });

  it('[scenario 29] of a message that starts anew before any content only the second goes out', async () => {
    const event = (type: string, fields: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
    const start = (id: string): string =>
      event('message_start', {
        message: {
          id,
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          stop_reason: null,
          usage: { input_tokens: 3, output_tokens: 1 },
        },
      });
    const rest = [
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Second.' } }),
      event('content_block_stop', { index: 0 }),
      event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } }),
      event('message_stop', {}),
    ].join('');
    written.set('restarted', start('msg_first') + event('ping', {}) + start('msg_second') + rest);
    for (const dialect of clientDialects) {
      const view = await ask(dialect, 'restarted');
      expect(view).toMatchObject({ kind: 'answer', text: 'Second.' });
      expect(view.raw).not.toContain('msg_first');
    }
    expect((await ask('anthropic-messages', 'restarted')).ids).toEqual(['msg_second']);
  });

  it('[scenario 29] a message that starts anew after content is told as cut, where it is translated', async () => {
    for (const dialect of ['openai-chat', 'openai-responses', 'gemini'] as const) {
      const view = await ask(dialect, 'restarted-late');
      expect(view).toMatchObject({ kind: 'in-band', errorCode: 'truncated' });
      expect(view.ids.length).toBeLessThanOrEqual(1);
    }
  });

  it('a Gemini client without alt=sse gets one JSON array, from an upstream that streams events', async () => {
    const path = '/v1beta/models/array:streamGenerateContent';
    const body = { contents: [{ role: 'user', parts: [{ text: 'reply:a b c' }] }] };
    const answer = await postRaw(`${stage.url}${path}`, body);
    expect(answer.headers['content-type']).toContain('application/json');
    const list = JSON.parse(answer.text) as {
      candidates?: { content?: { parts?: { text?: string }[] }; finishReason?: string }[];
    }[];
    const texts = list.map((one) => one.candidates?.[0]?.content?.parts?.[0]?.text ?? '');
    expect(texts.join('')).toBe('a b c');
    expect(list.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
  });

  it('and an array stays one when an event of it is damaged', async () => {
    const path = '/v1beta/models/damaged-array:streamGenerateContent';
    const answer = await postRaw(`${stage.url}${path}`, { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] });
    const list = JSON.parse(answer.text) as { error?: { status?: string } }[];
    expect(list.at(-1)?.error?.status).toBe('UNAVAILABLE');
  });

  it('[scenario 19] an event that arrives slowly is not silence', async () => {
    const view = await ask('openai-chat', 'slow-event');
    expect(view).toMatchObject({ kind: 'answer', text: `Now: ${'x'.repeat(200)}` });
  });

  it('an SDK reads a passed stream of one-byte pieces', async () => {
    const { path, body } = requestOf('anthropic-messages', { model: 'form;chunks=5', stream: true });
    const { bytes } = await postRaw(`${stage.fake.url}${path}`, body);
    recordings.set('copy-anthropic-messages-chunks=5-1', { bytes, pieceBytes: 1 });
    const client = new Anthropic({ baseURL: stage.url, apiKey: 'none' });
    const model = 'copy-anthropic-messages-chunks=5-1';
    const message = await client.messages
      .stream({ model, max_tokens: 100, messages: [{ role: 'user', content: 'x' }] })
      .finalMessage();
    expect(message.stop_reason).toBe('end_turn');
  });
});
