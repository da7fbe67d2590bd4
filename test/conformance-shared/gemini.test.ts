import { describe, expect, it } from 'vitest';
import type { Completion } from '../../src/domain/calls/completion.ts';
import type { StreamPart } from '../../src/domain/calls/stream-part.ts';
import { totalInput, totalOutput, type UsageBuckets } from '../../src/domain/rating/usage.ts';
import { collectCompletion, geminiInbound, geminiOutbound, readGeminiError } from '../../src/protocols/index.ts';
import { contextOf, encode, ok, parse } from '../../src/protocols/gemini/test-support.ts';
import { readUsageMetadata } from '../../src/protocols/gemini/usage-metadata.ts';
import { readChunks, readJson, recordingsIn, readUsageRows } from './google-aws-recordings.ts';

const folder = 'vercel-ai/google/src/__fixtures__';
const requests = 'agentgateway/llm-tests/requests/gemini';
const streams = recordingsIn(folder, '.chunks.txt');

function wire(path: string, newline: string): Buffer {
  return Buffer.from(
    readChunks(path)
      .map((line) => `data: ${line}${newline}${newline}`)
      .join(''),
  );
}

function decode(bytes: Buffer, stepBytes: number): StreamPart[] {
  const decoder = geminiOutbound.openDecoder();
  const parts: StreamPart[] = [];
  for (let from = 0; from < bytes.length; from += stepBytes) {
    const piece = Buffer.from(bytes.subarray(from, from + stepBytes));
    parts.push(...decoder.push(piece).flatMap((frame) => frame.parts));
  }
  return [...parts, ...decoder.end().flatMap((frame) => frame.parts)].filter((part) => part.type !== 'ping');
}

function withoutIds({ blocks, ...rest }: Completion): unknown {
  return { ...rest, blocks: blocks.map((block) => (block.type === 'tool-call' ? { ...block, id: '' } : block)) };
}

describe.each(streams)('recorded stream %s', (path) => {
  it('[scenario 2] decodes alike at every step, newline and split', () => {
    const whole = decode(wire(path, '\n'), Number.MAX_SAFE_INTEGER);
    expect(whole.at(-1)?.type).toBe('finish');
    expect(whole.some((part) => part.type === 'error')).toBe(false);
    for (const newline of ['\n', '\r\n', '\r']) {
      for (const step of [1, 7, 61, 4096]) expect(decode(wire(path, newline), step)).toEqual(whole);
    }
  });

  it('[scenario 3] says the same again through our own encoder, as SSE and as an array', () => {
    const parts = decode(wire(path, '\n'), 4096);
    const expected = ok(collectCompletion(parts));
    for (const framing of ['sse', 'json-array'] as const) {
      const encoder = geminiInbound.openEncoder(contextOf(framing));
      const text = parts.map((part) => encoder.push(part)).join('') + encoder.end();
      const events: unknown[] = framing === 'sse' ? [] : (JSON.parse(text) as unknown[]);
      const again = framing === 'sse' ? text : events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
      const { usage, createdAtS: _ignored, ...answer } = expected;
      const decoded = ok(collectCompletion(decode(Buffer.from(again), 4096)));
      const { servedTier: _tier, ...counted } = usage ?? { buckets: {}, source: 'provider' };
      expect(withoutIds(decoded)).toEqual(withoutIds({ ...answer, usage: counted }));
    }
  });
});

describe('recorded Gemini answers', () => {
  it('decodes every whole answer', () => {
    const paths = [
      ...recordingsIn(folder, '.json').filter((path) => !path.includes('429')),
      ...recordingsIn('agentgateway/llm-tests/response/vertex-gemini', '.json'),
    ];
    for (const path of paths) {
      const completion = ok(geminiOutbound.decodeCompletion(readJson(path)));
      expect(completion.blocks.length, path).toBeGreaterThan(0);
      expect(['stop', 'tool-calls']).toContain(completion.finish.reason);
      expect(completion.usage?.buckets.input, path).toBeGreaterThan(0);
    }
  });

  it('[scenario 49] assembles the recorded calls in pieces, one without any arguments', () => {
    const parts = decode(wire(`${folder}/google-stream-no-args-tool-call.chunks.txt`, '\n'), 4096);
    const calls = ok(collectCompletion(parts)).blocks.filter((block) => block.type === 'tool-call');
    expect(calls.map(({ name, arguments: args }) => [name, args])).toEqual([
      ['read_theme', '{}'],
      ['read_screen', '{"id":"A"}'],
      ['read_screen', '{"id":"B"}'],
      ['read_screen', '{"id":"C"}'],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(4);
    expect(calls[0]?.signature?.length).toBeGreaterThan(100);
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
  });

  it('[scenario 33] waits as long as the recorded 429 asks', () => {
    const fault = readGeminiError(429, readJson(`${folder}/google-429-retry-info.json`));
    expect([fault.code, fault.retryAfterMs]).toEqual(['upstream_rate_limited', 34_400]);
  });
});

describe('recorded Gemini requests', () => {
  it.each(recordingsIn(requests, '.json'))('[scenario 5] %s parses and keeps what it does not know', (path) => {
    const body = readJson(path);
    const call = parse(body);
    const encoded = encode(call, { upstreamModel: 'gemini-3-pro-preview' });
    for (const pointer of Object.keys(call.rest)) {
      const top = pointer.split('/')[1] ?? '';
      expect([...Object.keys(encoded.body), ...encoded.dropped].some((name) => name === top || name === pointer)).toBe(
        true,
      );
    }
    expect(encoded.body['contents']).toHaveLength((body['contents'] as unknown[]).filter(isNotSplit).length);
  });
});

/** Two turns of the user in a row become one. */
function isNotSplit(content: unknown, at: number, all: unknown[]): boolean {
  const roleOf = (value: unknown) => (value as { role?: string } | undefined)?.role;
  return at === 0 || roleOf(content) !== roleOf(all[at - 1]);
}

describe('recorded usage metadata', () => {
  const rows = readUsageRows().filter((row) => row.body.usageMetadata !== undefined);

  it('[scenario 57] sorts every row into disjoint buckets that add up to the recorded totals', () => {
    expect(rows.length).toBeGreaterThan(250);
    for (const { body, extracted } of rows) {
      const usage = readUsageMetadata(body.usageMetadata ?? {});
      const expected = extracted[0]?.usage ?? {};
      expect(usage?.invalid, body.file).toBeUndefined();
      const buckets: UsageBuckets = usage?.buckets ?? {};
      expect(totalInput(buckets), body.file).toBe(expected['input_tokens'] ?? 0);
      expect(totalOutput(buckets), body.file).toBe(expected['output_tokens'] ?? 0);
      expect(buckets.cacheRead ?? 0, body.file).toBe(expected['cache_read_tokens'] ?? 0);
      expect(buckets.reasoning ?? 0, body.file).toBe(expected['output_reasoning_tokens'] ?? 0);
      const audio = (expected['input_audio_tokens'] ?? 0) - (expected['cache_audio_read_tokens'] ?? 0);
      expect(buckets.audioIn ?? 0, body.file).toBe(audio);
      const video = (expected['input_video_tokens'] ?? 0) - (expected['cache_video_read_tokens'] ?? 0);
      expect(buckets.videoIn ?? 0, body.file).toBe(video);
    }
  });
});
