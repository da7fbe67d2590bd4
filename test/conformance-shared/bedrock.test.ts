import { describe, expect, it } from 'vitest';
import type { StreamPart } from '../../src/domain/calls/stream-part.ts';
import { totalInput, totalOutput, type UsageBuckets } from '../../src/domain/rating/usage.ts';
import { binary, ok } from '../../src/protocols/bedrock-converse/test-support.ts';
import { readTokenUsage } from '../../src/protocols/bedrock-converse/token-usage.ts';
import { bedrockConverseOutbound, collectCompletion } from '../../src/protocols/index.ts';
import { readChunks, readJson, readRecording, recordingsIn, readUsageRows } from './google-aws-recordings.ts';

const folder = 'vercel-ai/amazon-bedrock/src/__fixtures__';
const answers = 'agentgateway/llm-tests/response/bedrock';

function decode(bytes: Buffer, stepBytes: number): StreamPart[] {
  const decoder = bedrockConverseOutbound.openDecoder();
  const parts: StreamPart[] = [];
  for (let from = 0; from < bytes.length; from += stepBytes) {
    const piece = Buffer.from(bytes.subarray(from, from + stepBytes));
    parts.push(...decoder.push(piece).flatMap((frame) => frame.parts));
  }
  return [...parts, ...decoder.end().flatMap((frame) => frame.parts)];
}

const recorded: readonly (readonly [string, Buffer])[] = [
  ...recordingsIn(folder, '.chunks.txt').map(
    (path) => [path, binary(readChunks(path).map((line) => JSON.parse(line) as { [type: string]: unknown }))] as const,
  ),
  ...recordingsIn(answers, '.bin').map((path) => [path, readRecording(path)] as const),
  ['detect/bedrock-basic.bin', readRecording('agentgateway/llm-tests/response/detect/bedrock-basic.bin')],
];

describe.each(recorded)('recorded stream %s', (_path, bytes) => {
  it('[scenario 2] decodes alike at every step of its binary frames', () => {
    const whole = decode(bytes, Number.MAX_SAFE_INTEGER);
    for (const step of [1, 7, 61, 1024]) expect(decode(bytes, step)).toEqual(whole);
  });

  it('opens and closes each block once and comes to a good end', () => {
    const parts = decode(bytes, 1024);
    const opened = parts.flatMap((part) => (part.type.endsWith('-start') && 'index' in part ? [part.index] : []));
    const closed = parts.flatMap((part) => (part.type.endsWith('-end') && 'index' in part ? [part.index] : []));
    expect(opened.length).toBeGreaterThan(0);
    expect(closed).toEqual(opened);
    expect(new Set(opened).size).toBe(opened.length);
    expect(parts.filter((part) => part.type === 'finish')).toHaveLength(1);
    const completion = ok(collectCompletion(parts));
    for (const block of completion.blocks) {
      if (block.type === 'tool-call') expect(() => JSON.parse(block.arguments) as unknown).not.toThrow();
    }
  });
});

describe('recorded Converse answers', () => {
  it('keeps both calls of the recorded stream apart', () => {
    const completion = ok(collectCompletion(decode(readRecording(`${answers}/tool.bin`), 64)));
    const calls = completion.blocks.filter((block) => block.type === 'tool-call');
    expect(calls.map(({ name, arguments: args }) => [name, JSON.parse(args) as unknown])).toEqual([
      ['top_song', { sign: 'WZPZ' }],
      ['hello', { sign: 'world' }],
    ]);
    expect(completion.usage?.buckets).toMatchObject({ input: 150, output: 45 });
  });

  it('[scenario 51] assembles the recorded thought with its whole signature', () => {
    const stream = decode(
      binary(
        readChunks(`${folder}/amazon-bedrock-reasoning.chunks.txt`).map(
          (line) => JSON.parse(line) as { [type: string]: unknown },
        ),
      ),
      50,
    );
    const [thought] = ok(collectCompletion(stream)).blocks;
    expect(thought).toMatchObject({ type: 'reasoning', provenance: 'anthropic-messages' });
    expect(thought?.type === 'reasoning' && (thought.signature?.length ?? 0) > 50).toBe(true);
  });

  it('decodes every whole answer', () => {
    for (const path of [...recordingsIn(folder, '.json'), ...recordingsIn(answers, '.json')]) {
      const body = readJson(path);
      const completion = ok(bedrockConverseOutbound.decodeCompletion(body));
      expect(completion.blocks.length, path).toBeGreaterThan(0);
      expect(completion.usage === undefined, path).toBe(body['usage'] === undefined);
    }
  });
});

describe('recorded token usage', () => {
  const rows = readUsageRows().filter((row) => row.body.usage?.['inputTokens'] !== undefined);

  it('[scenario 57] adds up to the recorded totals, cache reads and writes counted once', () => {
    expect(rows.length).toBeGreaterThan(100);
    for (const { body, extracted } of rows) {
      const buckets: UsageBuckets = readTokenUsage(body.usage ?? {})?.buckets ?? {};
      const expected = extracted[0]?.usage ?? {};
      expect(totalInput(buckets), body.file).toBe(expected['input_tokens'] ?? 0);
      expect(totalOutput(buckets), body.file).toBe(expected['output_tokens'] ?? 0);
      expect(buckets.cacheRead ?? 0, body.file).toBe(expected['cache_read_tokens'] ?? 0);
      const written = (buckets.cacheWrite5m ?? 0) + (buckets.cacheWrite1h ?? 0);
      expect(written, body.file).toBe(expected['cache_write_tokens'] ?? 0);
    }
  });
});
