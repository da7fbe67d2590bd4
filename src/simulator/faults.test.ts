import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeUpstream, RawAnswer } from '../../test/fake-upstream/index.ts';
import { postRaw, startFakeUpstream } from '../../test/fake-upstream/index.ts';

let fake: FakeUpstream;

beforeAll(async () => {
  fake = await startFakeUpstream();
});
afterAll(() => fake.close());
beforeEach(() => fake.reset());

const messages = [{ role: 'user', content: 'hi' }];
const chat = (script: string, extra: object = {}): Promise<RawAnswer> =>
  postRaw(`${fake.baseUrl}/chat/completions`, { model: `m?${script}`, messages, stream: true, ...extra });
const anthropic = (script: string): Promise<RawAnswer> =>
  postRaw(`${fake.baseUrl}/messages`, { model: `m?${script}`, messages, stream: true, max_tokens: 100 });
const responses = (script: string): Promise<RawAnswer> =>
  postRaw(`${fake.baseUrl}/responses`, { model: `m?${script}`, input: 'hi', stream: true });
const gemini = (script: string): Promise<RawAnswer> =>
  postRaw(`${fake.geminiUrl}/models/m;${script.replaceAll('&', ';')}:streamGenerateContent?alt=sse`, {
    contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
  });

describe('cut streams', () => {
  it('end cleanly after n content chunks, without a finish reason', async () => {
    const answer = await chat('chunks=5&cut=3');
    expect(answer).toMatchObject({ status: 200, isComplete: true });
    expect(answer.text).toContain('w3 ');
    expect(answer.text).not.toContain('w4');
    expect(answer.text).not.toContain('"finish_reason":"stop"');
    expect(fake.stats()).toMatchObject({ cuts: 1, aborts: 0, tokensProduced: 3 });
  });

  it('can close the connection or reset it instead', async () => {
    expect(await chat('chunks=5&cut=3&cutHow=close')).toMatchObject({ isComplete: false, errorCode: 'ECONNRESET' });
    const reset = await chat('chunks=5&cut=3&gap=5&cutHow=reset');
    expect(reset).toMatchObject({ isComplete: false, errorCode: 'ECONNRESET' });
  });

  it('can stop before the status line, before any event and after the finish reason', async () => {
    expect(await chat('cut=headers')).toMatchObject({ status: 0, errorCode: 'ECONNRESET' });
    expect(await chat('cut=body')).toMatchObject({ status: 200, text: '' });
    const finished = await chat('cut=finish', { stream_options: { include_usage: true } });
    expect(finished.text).toContain('"finish_reason":"stop"');
    expect(finished.text).not.toMatch(/\[DONE\]|prompt_tokens/);
  });

  it('leave only lifecycle events at 0, in each dialect', async () => {
    expect((await anthropic('cut=0')).text).toMatch(/message_start[\s\S]*content_block_start/);
    expect((await anthropic('cut=0')).text).not.toContain('content_block_delta');
    expect((await responses('cut=0')).text).not.toContain('output_text.delta');
    expect((await gemini('cut=0')).text).toBe('');
  });

  it('leave half a body when the answer is not streamed', async () => {
    const answer = await chat('cut=1', { stream: false });
    expect(answer).toMatchObject({ status: 200, isComplete: false });
    expect(() => JSON.parse(answer.text)).toThrow();
  });
});

describe('stalls and client aborts', () => {
  it.each(['headers', 'body', '2', 'finish'])(
    'go silent at %s until the client leaves, and count the abort',
    async (at) => {
      const client = new OpenAI({ apiKey: 'x', baseURL: fake.baseUrl, maxRetries: 0 });
      const abort = new AbortController();
      const answer = client.chat.completions
        .create(
          { model: `m?chunks=4&stall=${at}`, messages: [{ role: 'user', content: 'x' }], stream: true },
          { signal: abort.signal },
        )
        .then(async (stream) => {
          for await (const _chunk of stream) continue;
        })
        .catch(() => 'aborted');
      const tokens = at === '2' ? 2 : 0;
      await fake.until((stats) => stats.open === 1 && stats.tokensProduced >= tokens && stats.bytesReceived > 0);
      if (at === 'finish') await fake.until((stats) => stats.tokensProduced === 4);
      expect(await fake.timeAbort(() => abort.abort())).toBeLessThan(2_000);
      await answer;
      expect(fake.stats()).toMatchObject({ aborts: 1, open: 0, completed: 0 });
    },
  );
});

describe('failures before the answer', () => {
  it.each([
    ['400', 400, null],
    ['401', 401, 'invalid_api_key'],
    ['404', 404, 'model_not_found'],
    ['429', 429, 'rate_limit_exceeded'],
    ['quota', 429, 'insufficient_quota'],
    ['context', 400, 'context_length_exceeded'],
    ['filter', 400, 'content_filter'],
    ['500', 500, null],
    ['503', 503, null],
  ])('fail=%s answers %i in the OpenAI shape', async (word, status, code) => {
    const answer = await chat(`fail=${word}`);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message: expect.any(String), code } });
  });

  it('take the shape of each dialect', async () => {
    expect(JSON.parse((await anthropic('fail=529')).text)).toMatchObject({
      type: 'error',
      error: { type: 'overloaded_error' },
    });
    expect(JSON.parse((await gemini('fail=503')).text)).toMatchObject({ error: { code: 503, status: 'UNAVAILABLE' } });
    const bedrock = await postRaw(`${fake.url}/model/m%3Ffail=429/converse`, { messages: [] });
    expect(bedrock.status).toBe(429);
    expect(bedrock.headers['x-amzn-errortype']).toBe('ThrottlingException');
  });

  it('say how long to wait in every form', async () => {
    const headersOf = async (retry: string) => (await chat(`fail=429&retry=${retry}`)).headers;
    expect(await headersOf('seconds:7')).toMatchObject({ 'retry-after': '7' });
    expect(await headersOf('ms:1500')).toMatchObject({ 'retry-after-ms': '1500' });
    expect(await headersOf('reset:30')).toMatchObject({ 'x-ratelimit-reset-requests': '30s' });
    const date = Date.parse((await headersOf('date:60'))['retry-after'] ?? '');
    expect(date - Date.now()).toBeGreaterThan(55_000);
    expect(await headersOf('seconds:7,ms:900')).toMatchObject({ 'retry-after': '7', 'retry-after-ms': '900' });
    expect((await chat('fail=429')).headers['retry-after']).toBeUndefined();
    expect(JSON.parse((await gemini('fail=429&retry=google:34.4')).text)).toMatchObject({
      error: { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' }] },
    });
    expect((await anthropic('fail=429&retry=reset:9')).headers['anthropic-ratelimit-requests-reset']).toMatch(/Z$/);
  });

  it('may have bodies that no SDK expects', async () => {
    expect((await chat('fail=502&errorBody=html')).text).toContain('<html>');
    expect(JSON.parse((await chat('fail=422&errorBody=detail')).text)).toHaveProperty('detail');
    expect(JSON.parse((await chat('fail=500&errorBody=string')).text)).toEqual({ error: expect.any(String) });
    expect((await chat('fail=503&errorBody=empty')).text).toBe('');
  });

  it('stop after the first k, begin after k, and follow a seed', async () => {
    const statuses = async (script: string, count: number) => {
      const all: number[] = [];
      for (let at = 0; at < count; at += 1) all.push((await chat(script, { stream: false })).status);
      return all;
    };
    expect(await statuses('fail=500&first=2', 4)).toEqual([500, 500, 200, 200]);
    expect(await statuses('fail=500&after=1', 3)).toEqual([200, 500, 500]);
    const drawn = await statuses('fail=500&chance=0.5&seed=7', 20);
    fake.reset();
    expect(await statuses('fail=500&chance=0.5&seed=7', 20)).toEqual(drawn);
    expect(new Set(drawn)).toEqual(new Set([200, 500]));
  });

  it('refuse a wrong key, unknown models, unknown fields and stream options', async () => {
    const guarded = await startFakeUpstream({ apiKey: 'right', models: ['known'] });
    const ask = (model: string, key: string) =>
      postRaw(`${guarded.baseUrl}/chat/completions`, { model, messages }, { authorization: `Bearer ${key}` });
    expect((await ask('known', 'wrong')).status).toBe(401);
    expect((await ask('known', 'right')).status).toBe(200);
    expect((await ask('strange', 'right')).status).toBe(404);
    await guarded.close();
    expect((await chat('strict', { strange: 1 })).text).toContain('Unrecognized request argument supplied: strange');
    expect((await chat('streamOptions=reject', { stream_options: {} })).status).toBe(400);
    expect((await chat('nonsense=1')).text).toContain('unknown script word');
  });
});

describe('errors after the status line', () => {
  it('follow the lifecycle events', async () => {
    expect((await chat('error=0')).text).toMatch(/"role":"assistant"[\s\S]*data: \{"error":\{"message"/);
    const failed = (await responses('error=0&errorCode=quota')).text;
    expect(failed).toMatch(/response\.in_progress[\s\S]*event: error[\s\S]*insufficient_quota[\s\S]*response\.failed/);
    const numbers = [...failed.matchAll(/"sequence_number":(\d+)/g)].map(([, digits]) => Number(digits));
    expect(numbers).toEqual(numbers.map((_, at) => at));
    expect((await anthropic('error=0&errorCode=529')).text).toMatch(/event: error\ndata: .*overloaded_error/);
  });

  it('or come after content, and no good end follows', async () => {
    const answer = await anthropic('chunks=5&error=2');
    expect(answer.text).toContain('w2 ');
    expect(answer.text).not.toMatch(/w3|message_stop/);
    expect((await gemini('chunks=5&error=2&errorCode=503')).text).toMatch(/w2 [\s\S]*"status":"UNAVAILABLE"/);
  });

  it('become a status when the answer is not streamed', async () => {
    expect((await chat('error=0', { stream: false })).status).toBe(503);
  });
});

describe('the counters', () => {
  it('record requests, and are watched and steered over HTTP', async () => {
    await postRaw(`${fake.url}/__fake/script`, {
      model: 'm',
      scripts: ['fail=429&retry=seconds:1', { reply: 'fine' }],
    });
    const ask = () => postRaw(`${fake.baseUrl}/chat/completions`, { model: 'm', messages }, { 'x-team': 'blue' });
    expect((await ask()).status).toBe(429);
    expect((await ask()).text).toContain('"content":"fine"');
    const stats = (await (await fetch(`${fake.url}/__fake/stats`)).json()) as ReturnType<FakeUpstream['stats']>;
    expect(stats).toMatchObject({
      requests: 2,
      completed: 2,
      requestsByPath: { '/v1/chat/completions': 2 },
      answersByStatus: { '429': 1, '200': 1 },
    });
    expect(stats.recent[1]).toMatchObject({ model: 'm', headers: { 'x-team': 'blue' }, outcome: 'done' });
    expect(fake.lastBody()).toEqual({ model: 'm', messages });
    await fetch(`${fake.url}/__fake/reset`, { method: 'POST' });
    expect(fake.stats().requests).toBe(0);
    expect((await ask()).status).toBe(200);
    expect(await (await fetch(`${fake.url}/__fake/help`)).text()).toContain('cutHow');
  });

  it('take a script from a header, above that of the model', async () => {
    const answer = await postRaw(
      `${fake.baseUrl}/chat/completions`,
      { model: 'm?reply=a', messages },
      { 'x-fake-script': '{"reply":"from header"}' },
    );
    expect(answer.text).toContain('from header');
  });

  it('are hidden and scripts ignored when scripting is off', async () => {
    const product = await startFakeUpstream({ scripting: false });
    expect((await fetch(`${product.url}/__fake/stats`)).status).toBe(404);
    const answer = await postRaw(`${product.baseUrl}/chat/completions`, { model: 'm?fail=500', messages });
    expect(answer.status).toBe(200);
    expect(product.stats().recent).toEqual([]);
    await product.close();
  });
});
