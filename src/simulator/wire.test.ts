import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { connect } from 'node:net';
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
const anthropic = (script: string, extra: object = {}): Promise<RawAnswer> =>
  postRaw(`${fake.baseUrl}/messages`, { model: `m?${script}`, messages, stream: true, max_tokens: 100, ...extra });
const events = (answer: RawAnswer): { [name: string]: unknown }[] =>
  [...answer.text.matchAll(/^data: (\{.*\})\s*$/gm)].map(([, json = '{}']) => JSON.parse(json));
const tools = ['first', 'second'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { value: { type: 'string' } } } },
}));

describe('bytes of a stream', () => {
  it('come one by one, through the middle of characters, and are the same stream', async () => {
    const whole = await chat('reply=naïve → ünïcode 😀&chunks=4');
    const single = await chat('reply=naïve → ünïcode 😀&chunks=4&bytes=1');
    const strip = (text: string): string => text.replaceAll(/sim\w+/g, '').replaceAll(/"created":\d+/g, '');
    expect(strip(single.text)).toBe(strip(whole.text));
    expect(single.pieces.length).toBeGreaterThan(50);
    expect((await chat('chunks=4&bytes=7')).text).toContain('w4');
  });

  it('have the line ends, padding, comments and marks asked for', async () => {
    expect((await chat('eol=crlf')).text).toMatch(/\r\n\r\ndata: \[DONE\]\r\n\r\n$/);
    const loneReturns = (await chat('eol=cr')).text;
    expect(loneReturns).toMatch(/\r\rdata: \[DONE\]\r\r$/);
    expect(loneReturns).not.toContain('\n');
    expect((await chat('bom')).bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect((await chat('noFinalNewline')).text).toMatch(/data: \[DONE\]$/);
    expect((await chat('noDone')).text).not.toContain('[DONE]');
    expect((await chat('comments')).text).toMatch(/^: simulated\n\ndata:/);
    expect((await chat('pad')).text).toMatch(/\} {24}\n\n/);
  });

  it('hold a damaged event where asked, and an unreadable body when not streaming', async () => {
    const text = (await chat('chunks=4&malformed=1')).text;
    const damaged = text.split('\n\n').filter((event) => {
      if (!event.startsWith('data: {')) return false;
      try {
        JSON.parse(event.slice(6));
        return false;
      } catch {
        return true;
      }
    });
    expect(damaged).toHaveLength(1);
    expect(text).toContain('w1 ');
    expect(text).not.toContain('w2');
    const body = await chat('malformed=0', { stream: false });
    expect(body.isComplete).toBe(true);
    expect(() => JSON.parse(body.text)).toThrow();
  });

  it('can be many MiB, and wait for a client that does not read', async () => {
    expect((await chat('huge=3')).bytes.length).toBeGreaterThan(3 * 1024 * 1024);
    expect(fake.stats()).toMatchObject({ completed: 1, pauses: 0 });
    const body = JSON.stringify({ model: 'm?huge=64', messages, stream: true });
    const socket = connect(fake.port, '127.0.0.1');
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    socket.once('data', () => socket.pause());
    await fake.until((stats) => stats.pauses > 0);
    socket.destroy();
    await fake.until((stats) => stats.aborts === 1);
    expect(fake.stats().bytesSent).toBeLessThan(64 * 1024 * 1024);
  });

  it('keep the asked pace and carry their send time', async () => {
    const startedAtMs = Date.now();
    const answer = await chat('chunks=3&delay=60&gap=30&stamp');
    const times = events(answer)
      .map((event) => (event['choices'] as { delta: { content?: string } }[])[0]?.delta.content ?? '')
      .filter((content) => content !== '')
      .map(Number);
    expect(times).toHaveLength(3);
    expect((times[0] ?? 0) - startedAtMs).toBeGreaterThanOrEqual(55);
    // Later chunks are due from the start, so a late first one does not shift them.
    expect((times[2] ?? 0) - startedAtMs).toBeGreaterThanOrEqual(115);
  });
});

describe('the Bedrock event stream', () => {
  const converse = (script: string): Promise<RawAnswer> =>
    postRaw(`${fake.url}/model/m%3F${encodeURIComponent(script)}/converse-stream`, {
      messages: [{ role: 'user', content: [{ text: 'hi' }] }],
      toolConfig: { tools: [{ toolSpec: { name: 'weather', inputSchema: { json: { type: 'object' } } } }] },
    });
  const decode = (bytes: Buffer) => {
    const codec = new EventStreamCodec(toUtf8, fromUtf8);
    const list: { type: unknown; body: { [name: string]: unknown } }[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = bytes.readUInt32BE(at);
      const message = codec.decode(bytes.subarray(at, at + size));
      const type = message.headers[':event-type'] ?? message.headers[':exception-type'];
      list.push({ type: type?.value, body: JSON.parse(toUtf8(message.body)) });
      at += size;
    }
    return list;
  };

  it('holds text in checked messages and ends with the usage', async () => {
    const answer = await converse('chunks=2&tools=off');
    expect(answer.headers['content-type']).toBe('application/vnd.amazon.eventstream');
    const list = decode(answer.bytes);
    expect(list.map((event) => event.type)).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    expect(list[1]?.body).toEqual({ delta: { text: 'w1 ' }, contentBlockIndex: 0 });
    expect(list.at(-1)?.body).toMatchObject({ usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } });
  });

  it('holds tool calls, exceptions and damaged checksums', async () => {
    const called = decode((await converse('')).bytes);
    expect(called[1]?.body).toMatchObject({ start: { toolUse: { name: 'weather' } } });
    expect(called.at(-2)?.body).toEqual({ stopReason: 'tool_use' });
    const failed = decode((await converse('tools=off&error=0&errorCode=429')).bytes);
    expect(failed.at(-1)?.type).toBe('throttlingException');
    const damaged = await converse('tools=off&malformed=0');
    expect(() => decode(damaged.bytes)).toThrow(/checksum/);
  });
});

describe('quirks of tool calls', () => {
  const deltas = async (script: string): Promise<{ [name: string]: unknown }[]> =>
    events(await chat(`calls=2&${script}`, { tools })).flatMap(
      (event) =>
        (event['choices'] as { delta: { tool_calls?: { [name: string]: unknown }[] } }[])[0]?.delta.tool_calls ?? [],
    );

  it('leave out or repeat the index', async () => {
    expect((await deltas('tools=no-index')).every((delta) => !('index' in delta) && 'id' in delta)).toBe(true);
    expect(new Set((await deltas('tools=zero-index')).map((delta) => delta['index']))).toEqual(new Set([0]));
  });

  it('leave out ids, or the name stays empty on continuations', async () => {
    expect((await deltas('tools=no-id')).some((delta) => 'id' in delta)).toBe(false);
    const second = (await deltas('tools=empty-name'))[1];
    expect(second).not.toHaveProperty('id');
    expect(second?.['function']).toMatchObject({ name: '' });
  });

  it.each([
    ['empty-args', ''],
    ['null-args', 'null'],
    ['cut-args', '{"value":"s'],
  ])('%s gives the arguments %j', async (quirk, expected) => {
    const list = await deltas(`tools=${quirk}`);
    const last = list
      .filter((delta) => delta['index'] === 1)
      .map((delta) => (delta['function'] as { arguments: string }).arguments)
      .join('');
    expect(last).toBe(expected);
  });

  it('send a call whole, interleave calls, or wrap them in one', async () => {
    expect(await deltas('tools=whole')).toHaveLength(2);
    expect((await deltas('tools=interleaved')).slice(0, 4).map((delta) => delta['index'])).toEqual([0, 1, 0, 1]);
    expect((await deltas('tools=wrapped'))[0]?.['function']).toMatchObject({ name: 'multi_tool_use.parallel' });
    const signed = (await deltas('tools=google-signature'))[0];
    expect(signed).toHaveProperty('extra_content.google.thought_signature');
  });
});

describe('quirks of usage, thinking and message starts', () => {
  it.each([
    ['finish', (event: object) => 'usage' in event],
    ['x_groq', (event: object) => 'x_groq' in event],
    ['choice', (event: object) => JSON.stringify(event).includes('"finish_reason":"stop","usage"')],
  ])('%s puts the usage on the finish chunk', async (quirk, holds) => {
    const withUsage = events(await chat(`usage=${quirk}`)).filter(holds);
    expect(withUsage).toHaveLength(1);
    expect(JSON.stringify(withUsage[0])).toContain('"finish_reason":"stop"');
  });

  it('counts reasoning outside the completion, and contradicts itself when wrong', async () => {
    const asked = { stream_options: { include_usage: true } };
    const usageOf = async (script: string) => events(await chat(script, asked)).at(-1)?.['usage'];
    expect(await usageOf('usage=reasoning-outside&reasoning=2&chunks=1')).toMatchObject({
      prompt_tokens: 1,
      completion_tokens: 1,
      total_tokens: 8,
      completion_tokens_details: { reasoning_tokens: 6 },
    });
    expect(await usageOf('usage=wrong')).toMatchObject({
      prompt_tokens: 1,
      prompt_tokens_details: { cached_tokens: 101 },
    });
    expect((await chat('usage=none', asked)).text).not.toContain('"usage"');
  });

  it('repeats a message start, or splices a second message in', async () => {
    const starts = async (script: string) =>
      events(await anthropic(script))
        .filter((event) => event['type'] === 'message_start')
        .map((event) => (event['message'] as { id: string }).id);
    const [first, again] = await starts('start=duplicate');
    expect(again).toBe(first);
    const [before, after] = await starts('chunks=6&start=spliced');
    expect(after).toBe(`${before}_again`);
  });

  it('shows reasoning in the field asked for', async () => {
    expect((await chat('reasoning=1&reasoningField=reasoning')).text).toContain('"reasoning":"thought 1. "');
    expect((await chat('reasoning=1&reasoningField=think-tags&stream')).text).toContain('unknown script word');
    const tagged = await chat('reasoning=1&reasoningField=think-tags&reply=x', { stream: false });
    expect(tagged.text).toContain('<think>thought 1. </think>x');
    expect((await chat('reasoning=1&reasoningField=none')).text).not.toContain('thought');
  });

  it('corrects the input of the start in the last delta', async () => {
    const list = events(await anthropic('usage=corrected', { messages: [{ role: 'user', content: 'x'.repeat(100) }] }));
    expect(list[0]).toMatchObject({ message: { usage: { input_tokens: 7 } } });
    expect(list.at(-2)).toMatchObject({ usage: { input_tokens: 25 } });
  });

  it('ends without content, refuses, filters and stops at the limit', async () => {
    expect((await chat('empty')).text).toMatch(/"finish_reason":"stop"/);
    expect((await chat('empty')).text).not.toMatch(/"content":"[^"]/);
    expect((await chat('refuse=0')).text).toContain('"refusal":"I ');
    expect((await chat('filter')).text).toContain('"finish_reason":"content_filter"');
    expect((await chat('chunks=9', { max_tokens: 2 })).text).toContain('"finish_reason":"length"');
  });
});
