import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { collectCompletion } from '../shared/collect-completion.ts';
import { bedrockConverseOutbound } from './outbound.ts';
import { binary, decode, message, ok } from './test-support.ts';

const block = (contentBlockIndex: number, delta: unknown) => ({ contentBlockDelta: { contentBlockIndex, delta } });
const end = (contentBlockIndex: number) => ({ contentBlockStop: { contentBlockIndex } });
const call = (contentBlockIndex: number, name: string) => ({
  contentBlockStart: { contentBlockIndex, start: { toolUse: { toolUseId: `id-${name}`, name } } },
});
const stop = (stopReason: string, more = {}) => ({ messageStop: { stopReason, ...more } });
const metadata = (usage: object) => ({ metadata: { usage, metrics: { latencyMs: 1 } } });

const events = [
  { messageStart: { role: 'assistant', p: 'abc' } },
  block(0, { reasoningContent: { text: 'hm, ä😀' } }),
  block(0, { reasoningContent: { signature: 'ErUB' } }),
  end(0),
  block(1, { text: 'Let ' }),
  block(1, { text: 'me see.' }),
  end(1),
  call(2, 'weather'),
  block(2, { toolUse: { input: '{"n":9007199' } }),
  block(2, { toolUse: { input: '254740993}' } }),
  end(2),
  stop('tool_use'),
  metadata({ inputTokens: 22, outputTokens: 13, cacheReadInputTokens: 2492, cacheWriteInputTokens: 7 }),
];

describe('decoding Converse streams', () => {
  it('[scenario 2] gives the same parts at every split point of the binary frames', () => {
    const bytes = binary(events);
    const whole = decode(bytes);
    expect(whole.at(-1)?.type).toBe('usage');
    for (let cut = 1; cut < bytes.length; cut += 7) expect(decode(bytes, [cut])).toEqual(whole);
    expect(
      decode(
        bytes,
        Array.from({ length: bytes.length - 1 }, (_, at) => at + 1),
      ),
    ).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 9 }), (cuts) => {
        expect(decode(bytes, cuts)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  it('hands on every byte of every frame', () => {
    const bytes = binary(events);
    const decoder = bedrockConverseOutbound.openDecoder();
    const frames = [...decoder.push(bytes.subarray(0, 100)), ...decoder.push(bytes.subarray(100))];
    expect(Buffer.concat(frames.map((frame) => frame.bytes)).equals(bytes)).toBe(true);
    expect(frames.map((frame) => frame.terminal).lastIndexOf(false)).toBe(frames.length - 2);
    expect(decoder.position).toMatchObject({ finished: true, terminated: true });
  });

  it('[scenario 6] assembles reasoning with its proof, text and exact arguments', () => {
    expect(ok(collectCompletion(decode(binary(events))))).toEqual({
      blocks: [
        { type: 'reasoning', text: 'hm, ä😀', signature: 'ErUB', provenance: 'anthropic-messages' },
        { type: 'text', text: 'Let me see.' },
        { type: 'tool-call', id: 'id-weather', name: 'weather', arguments: '{"n":9007199254740993}' },
      ],
      finish: { reason: 'tool-calls', rawReason: 'tool_use' },
      usage: { buckets: { input: 22, output: 13, cacheRead: 2492, cacheWrite5m: 7 }, source: 'provider' },
    });
  });

  it('closes blocks whose stop never came, before the next text and at the end', () => {
    const parts = decode(binary([block(0, { text: 'one' }), block(1, { text: 'two' }), stop('end_turn')]));
    expect(parts.map((part) => part.type)).toEqual([
      'start',
      'text-start',
      'text-delta',
      'text-end',
      'text-start',
      'text-delta',
      'text-end',
      'finish',
    ]);
  });

  it('[scenario 46] never merges interleaved calls', () => {
    const interleaved = [
      call(0, 'a'),
      call(1, 'b'),
      block(0, { toolUse: { input: '{"x":' } }),
      block(1, { toolUse: { input: '{}' } }),
      block(0, { toolUse: { input: '1}' } }),
      end(0),
      end(1),
      stop('tool_use'),
    ];
    expect(ok(collectCompletion(decode(binary(interleaved)))).blocks).toMatchObject([
      { name: 'a', arguments: '{"x":1}' },
      { name: 'b', arguments: '{}' },
    ]);
  });

  it('[scenario 48] gives a call without input an empty object', () => {
    const parts = decode(binary([call(0, 'now'), end(0), stop('tool_use')]));
    expect(parts).toContainEqual({ type: 'tool-call-delta', index: 0, arguments: '{}' });
  });

  it('[scenario 50] passes arguments cut by the limit as they are', () => {
    const parts = decode(binary([call(0, 'f'), block(0, { toolUse: { input: '{"a":' } }), stop('max_tokens')]));
    expect(parts).toContainEqual({ type: 'tool-call-delta', index: 0, arguments: '{"a":' });
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'length' });
  });

  it('[scenario 9] never calls a filtered end a stop, and names the stop sequence', () => {
    const finishOf = (word: string, more = {}) => decode(binary([stop(word, more)])).at(-1);
    expect(finishOf('guardrail_intervened')).toMatchObject({ reason: 'content-filter' });
    expect(finishOf('content_filtered')).toMatchObject({ reason: 'content-filter' });
    expect(finishOf('refusal')).toMatchObject({ reason: 'refusal' });
    expect(finishOf('model_context_window_exceeded')).toMatchObject({ reason: 'length' });
    expect(finishOf('malformed_tool_use')).toMatchObject({ reason: 'other', rawReason: 'malformed_tool_use' });
    const fields = { additionalModelResponseFields: { delta: { stop_sequence: 'END' } } };
    expect(finishOf('stop_sequence', fields)).toMatchObject({ reason: 'stop-sequence', stopSequence: 'END' });
  });

  it('reads redacted reasoning, citations and unknown events', () => {
    const parts = decode(
      binary([
        block(0, { reasoningContent: { redactedContent: 'AAAA' } }),
        block(1, { citation: { title: 'T', location: { web: { url: 'https://a.example' } } } }),
        { somethingNew: { a: 1 } },
        stop('end_turn'),
      ]),
    );
    expect(parts).toContainEqual({ type: 'source', url: 'https://a.example', title: 'T' });
    expect(parts).toContainEqual({ type: 'raw', value: { somethingNew: { a: 1 } } });
    expect(parts).toContainEqual({ type: 'reasoning-end', index: 0, redacted: 'AAAA', provenance: 'bedrock-converse' });
  });

  it('[scenario 13] turns exceptions in band into faults', () => {
    const exception = (type: string, text = '') =>
      message(
        { ':message-type': 'exception', ':exception-type': type, ':content-type': 'application/json' },
        { message: text },
      );
    const codeOf = (bytes: Buffer) =>
      decode(bytes).map((part) => (part.type === 'error' ? part.fault.code : part.type));
    expect(codeOf(exception('throttlingException'))).toEqual(['upstream_rate_limited']);
    expect(codeOf(exception('modelStreamErrorException'))).toEqual(['upstream_error']);
    expect(codeOf(exception('serviceUnavailableException'))).toEqual(['upstream_overloaded']);
    expect(codeOf(exception('internalServerException'))).toEqual(['upstream_error']);
    expect(codeOf(exception('validationException', 'prompt is too long: 9 tokens'))).toEqual(['context_too_long']);
    const unmodeled = message(
      { ':message-type': 'error', ':error-code': 'InternalFailure', ':error-message': 'x' },
      {},
    );
    expect(codeOf(unmodeled)).toEqual(['upstream_error']);
  });

  it('says upstream_malformed once when a checksum is wrong, and trusts nothing after it', () => {
    const bytes = binary([block(0, { text: 'good' })]);
    const broken = Buffer.from(binary([block(0, { text: 'evil' })]));
    broken[broken.length - 10] = (broken[broken.length - 10] ?? 0) ^ 1;
    const parts = decode(Buffer.concat([bytes, broken, bytes]));
    expect(parts.filter((part) => part.type === 'error')).toMatchObject([{ fault: { code: 'upstream_malformed' } }]);
    expect(parts.filter((part) => part.type === 'text-delta')).toHaveLength(1);
  });

  it('refuses a message of absurd length and bytes that are no event stream', () => {
    for (const bytes of [Buffer.alloc(64, 0xff), Buffer.alloc(64), Buffer.from('data: {"a":1}\n\ndata: 2\n\n')]) {
      const [part] = decode(bytes);
      expect(part).toMatchObject({ type: 'error', fault: { code: 'upstream_malformed' } });
    }
  });

  it('[scenario 15] leaves a stream cut inside a message unfinished', () => {
    const bytes = binary(events);
    const decoder = bedrockConverseOutbound.openDecoder();
    decoder.push(bytes.subarray(0, 700));
    decoder.end();
    expect(decoder.position.finished).toBe(false);
  });

  it('never throws on damaged bytes', () => {
    const bytes = binary(events);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        expect(() => decode(damaged, [at])).not.toThrow();
      }),
      { numRuns: 200 },
    );
  });
});

describe('whole Converse answers', () => {
  it('reads content, finish and usage', () => {
    const body = {
      output: {
        message: {
          role: 'assistant',
          content: [
            { reasoningContent: { reasoningText: { text: 'hm', signature: 'ErUB' } } },
            { text: 'hi' },
            { toolUse: { toolUseId: 't1', name: 'f', input: { a: 1 } } },
            {
              citationsContent: {
                content: [{ text: 'cited' }],
                citations: [{ title: 'T', location: { web: { url: 'https://a.example' } } }],
              },
            },
          ],
        },
      },
      stopReason: 'tool_use',
      serviceTier: { type: 'flex' },
      usage: {
        inputTokens: 3,
        outputTokens: 4,
        cacheWriteInputTokens: 30,
        cacheDetails: [
          { ttl: '1h', inputTokens: 20 },
          { ttl: '5m', inputTokens: 10 },
        ],
      },
    };
    expect(ok(bedrockConverseOutbound.decodeCompletion(body as unknown as JsonObject))).toEqual({
      blocks: [
        { type: 'reasoning', text: 'hm', signature: 'ErUB', provenance: 'anthropic-messages' },
        { type: 'text', text: 'hi' },
        { type: 'tool-call', id: 't1', name: 'f', arguments: '{"a":1}' },
        { type: 'text', text: 'cited' },
        { type: 'source', url: 'https://a.example', title: 'T' },
      ],
      finish: { reason: 'tool-calls', rawReason: 'tool_use' },
      usage: {
        buckets: { input: 3, output: 4, cacheWrite5m: 10, cacheWrite1h: 20 },
        source: 'provider',
        servedTier: 'flex',
      },
    });
  });

  it('calls anything else malformed', () => {
    const fault = bedrockConverseOutbound.decodeCompletion({ message: 'what' });
    expect(Fault.is(fault) && fault.code).toBe('upstream_malformed');
  });
});
