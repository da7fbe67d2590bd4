import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/faults/fault.ts';
import type { StreamPart } from '../../src/domain/calls/stream-part.ts';
import { totalInput, totalOutput } from '../../src/domain/rating/usage.ts';
import type { AnswerContext } from '../../src/protocols/contract.ts';
import {
  openAIChatInbound,
  openAIChatOutbound,
  readOpenAIError,
  readPassThroughUsage,
} from '../../src/protocols/openai-chat/index.ts';
import { collectCompletion } from '../../src/protocols/shared/collect-completion.ts';
import { type ChatStream, chatAnswers, chatBodies, chatStreams } from './chat-recordings.ts';

function decode(bytes: Buffer, cuts: readonly number[] = []): StreamPart[] {
  const decoder = openAIChatOutbound.openDecoder();
  const parts: StreamPart[] = [];
  let from = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    for (const frame of decoder.push(Buffer.from(bytes.subarray(from, cut)))) parts.push(...frame.parts);
    from = cut;
  }
  for (const frame of decoder.end()) parts.push(...frame.parts);
  return parts;
}

function partsOf(name: string): StreamPart[] {
  const stream = streams.find((candidate) => candidate.name.endsWith(name));
  if (!stream) throw new Error(`no recording ${name}`);
  return decode(stream.bytes);
}

/** Blocks open before their deltas and close exactly once; there is one start and one finish. */
function expectWellFormed(parts: readonly StreamPart[]): void {
  const open = new Set<string>();
  const seen = new Set<string>();
  for (const part of parts) {
    const match = /^(text|reasoning|tool-call)-(start|delta|end)$/.exec(part.type);
    if (!match || !('index' in part)) continue;
    const key = `${match[1]} ${part.index}`;
    if (match[2] === 'start') {
      expect(seen.has(key)).toBe(false);
      open.add(key);
      seen.add(key);
    } else expect(open.has(key)).toBe(true);
    if (match[2] === 'end') open.delete(key);
  }
  expect([...open]).toEqual([]);
  for (const type of ['start', 'finish']) expect(parts.filter((part) => part.type === type)).toHaveLength(1);
}

const context: AnswerContext = {
  requestId: 'request',
  model: 'model',
  createdAtS: 1,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}1`,
};

const streams = chatStreams();

describe('recorded chat streams', () => {
  it('are there', () => {
    expect(streams.length).toBeGreaterThanOrEqual(18);
  });

  it.each(streams)('$name decodes into a well-formed answer with usage', ({ bytes }: ChatStream) => {
    const parts = decode(bytes);
    expectWellFormed(parts);
    expect(parts.filter((part) => part.type === 'error')).toEqual([]);
    // One cassette was recorded without asking for usage.
    if (bytes.includes('"prompt_tokens"')) expect(parts.some((part) => part.type === 'usage')).toBe(true);
    const completion = collectCompletion(parts);
    if (Fault.is(completion)) throw completion;
    for (const block of completion.blocks) if (block.type === 'tool-call') JSON.parse(block.arguments);
  });

  it.each(streams)('[scenario 2] $name means the same at random split points', ({ bytes }: ChatStream) => {
    const whole = decode(bytes);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        expect(decode(bytes, cuts)).toEqual(whole);
      }),
      { numRuns: 8 },
    );
  });

  it('[scenario 2] one recording means the same byte by byte and with other line ends', () => {
    const stream = streams.find(({ name }) => name.includes('alibaba-tool-call'));
    if (!stream) throw new Error('no recording');
    const whole = decode(stream.bytes);
    const everyByte = Array.from({ length: stream.bytes.length }, (_, index) => index);
    expect(decode(stream.bytes, everyByte)).toEqual(whole);
    const text = stream.bytes.toString();
    expect(decode(Buffer.from(text.replaceAll('\n', '\r\n')))).toEqual(whole);
    expect(decode(Buffer.from(text.trimEnd()))).toEqual(whole);
  });

  it.each(streams)('$name survives our own encoder: same answer after a second decoding', ({ bytes }: ChatStream) => {
    const parts = decode(bytes);
    const encoder = openAIChatInbound.openEncoder(context);
    const wire = parts.map((part) => encoder.push(part)).join('') + encoder.end();
    const again = collectCompletion(decode(Buffer.from(wire)));
    const first = collectCompletion(parts);
    if (Fault.is(again) || Fault.is(first)) throw new Error('not decoded');
    expect(again.blocks).toEqual(first.blocks);
    expect(again.finish.reason).toEqual(first.finish.reason);
    expect(totalOutput(again.usage?.buckets ?? {})).toBe(totalOutput(first.usage?.buckets ?? {}));
  });

  it('[scenario 58] reads reasoning that its host counts outside the completion', () => {
    const usage = partsOf('xai/src/__fixtures__/xai-text.chunks.txt').findLast((part) => part.type === 'usage')?.usage;
    expect(usage).toEqual({
      buckets: { input: 1, cacheRead: 11, audioIn: 0, output: 1, reasoning: 290, audioOut: 0, requests: 0 },
      source: 'provider',
      reportedCostNanos: 146_625n,
    });
    expect(totalInput(usage?.buckets ?? {}) + totalOutput(usage?.buckets ?? {})).toBe(303);
  });

  it('finds the sources of searching hosts once each', () => {
    const sources = partsOf('perplexity-citations.chunks.txt').filter((part) => part.type === 'source');
    expect(sources).toHaveLength(7);
  });

  it('joins tool arguments whose continuation has an empty id', () => {
    const completion = collectCompletion(partsOf('alibaba-tool-call.chunks.txt'));
    expect(completion).toMatchObject({
      blocks: [{ type: 'tool-call', name: 'weather', arguments: '{"location": "San Francisco"}' }],
      finish: { reason: 'tool-calls' },
    });
  });
});

describe('recorded whole answers', () => {
  const bodies = [...chatBodies(), ...chatAnswers('/chat/completions').filter(({ status }) => status === 200)];

  it('are there', () => {
    expect(bodies.length).toBeGreaterThanOrEqual(20);
  });

  it.each(bodies)('$name decodes, and again from our own encoding', ({ body }) => {
    const first = openAIChatOutbound.decodeCompletion(body);
    if (Fault.is(first)) throw first;
    expect(first.usage?.invalid).toBeUndefined();
    // Reasoning can use up the whole limit: an empty answer that ended with `length`.
    expect(first.blocks.length > 0 || first.finish.reason === 'length').toBe(true);
    const again = openAIChatOutbound.decodeCompletion(openAIChatInbound.encodeCompletion(first, context));
    if (Fault.is(again)) throw again;
    // Sources travel as annotations and stand first after decoding.
    expect(new Set(again.blocks)).toEqual(new Set(first.blocks));
    expect(again.finish.reason).toBe(first.finish.reason);
  });
});

describe('recorded requests', () => {
  const requests = chatAnswers('/chat/completions').flatMap(({ name, request }) =>
    request ? [{ name, request }] : [],
  );

  it('are there', () => {
    expect(requests.length).toBeGreaterThanOrEqual(8);
  });

  it.each(requests)('$name means the same after translation into the own dialect', ({ request }) => {
    const head = openAIChatInbound.readHead(request, { operation: 'generate' });
    if (Fault.is(head)) throw head;
    const call = openAIChatInbound.parseCall(request, head);
    if (Fault.is(call)) throw call;
    const options = {
      upstreamModel: head.model,
      requiredMaxOutputTokens: 1,
      assistantPrefill: true,
      nativeJsonSchema: true,
    };
    const encoded = openAIChatOutbound.encodeCall(call, options);
    if (Fault.is(encoded)) throw encoded;
    expect(encoded.dropped).toEqual([]);
    const { stream_options: _added, stream: _stream, ...rest } = encoded.body;
    const { stream: _off, stream_options: _asked, ...sent } = request;
    expect(rest).toEqual(sent);
  });
});

describe('recorded sibling routes', () => {
  it('tell the usage of embeddings, completions and transcriptions', () => {
    const embeddings = chatAnswers('/embeddings').filter(({ status }) => status === 200);
    expect(embeddings.length).toBeGreaterThan(3);
    for (const { body } of embeddings)
      expect(readPassThroughUsage('embeddings', body)?.buckets.input).toBeGreaterThan(0);
    for (const { body } of chatAnswers('/completions').filter(({ status }) => status === 200)) {
      expect(readPassThroughUsage('completions', body)?.buckets.output).toBeGreaterThanOrEqual(0);
    }
    const [spoken] = chatAnswers('/audio/transcriptions');
    expect(spoken && readPassThroughUsage('transcription', spoken.body)?.buckets).toEqual({ audioIn: 7 });
  });

  it('are rejected with their own words', () => {
    const rejected = [...chatAnswers('/embeddings'), ...chatAnswers('/completions')].filter(
      ({ status }) => status >= 400,
    );
    expect(rejected.length).toBeGreaterThan(0);
    for (const { body, status } of rejected) expect(readOpenAIError(body, status).code).toBe('upstream_rejected');
  });
});
