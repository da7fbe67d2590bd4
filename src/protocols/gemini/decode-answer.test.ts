import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { collectCompletion } from '../shared/collect-completion.ts';
import { geminiOutbound } from './outbound.ts';
import { chunk, decode, ok, sse } from './test-support.ts';

const stop = { finishReason: 'STOP' };

function blocksOf(events: readonly unknown[]): unknown {
  return ok(collectCompletion(decode(sse(events)))).blocks;
}

function argumentsOf(parts: readonly StreamPart[]): string[] {
  return parts.flatMap((part) => (part.type === 'tool-call-delta' ? [part.arguments] : []));
}

describe('decoding Gemini streams', () => {
  const events = [
    chunk([{ text: 'Let me think, ä€😀', thought: true }]),
    chunk([{ text: 'The answer ' }], { usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 2 } }),
    chunk([{ text: 'is 3.' }]),
    chunk([{ functionCall: { name: 'weather', args: { place: 'Köln' } }, thoughtSignature: 'c2ln' }]),
    chunk([{ text: '' }], { usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 7 } }, stop),
  ];

  it('[scenario 2] gives the same parts at every split point, for LF, CRLF and CR', () => {
    const whole = decode(sse(events));
    expect(whole.map((part) => part.type)).toContain('tool-call-end');
    for (const newline of ['\n', '\r\n', '\r']) {
      const bytes = sse(events, newline);
      for (let cut = 1; cut < bytes.length; cut += 3) expect(decode(bytes, [cut])).toEqual(whole);
      const everywhere = Array.from({ length: bytes.length - 1 }, (_, at) => at + 1);
      expect(decode(bytes, everywhere)).toEqual(whole);
    }
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 9 }), (cuts) => {
        expect(decode(sse(events), cuts)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  it('starts and ends each block once, in order, at the latest with finish', () => {
    const types = decode(sse(events)).map((part) => part.type);
    expect(types).toEqual([
      'start',
      'reasoning-start',
      'reasoning-delta',
      'reasoning-end',
      'text-start',
      'text-delta',
      'usage',
      'text-delta',
      'text-end',
      'tool-call-start',
      'tool-call-delta',
      'tool-call-end',
      'usage',
      'finish',
    ]);
  });

  it('says tool-calls where Gemini says STOP after a function call', () => {
    expect(decode(sse(events)).at(-1)).toEqual({ type: 'finish', reason: 'tool-calls', rawReason: 'STOP' });
  });

  it('takes the last counters, never their sum', () => {
    const completion = ok(collectCompletion(decode(sse(events))));
    expect(completion.usage?.buckets).toEqual({ input: 9, output: 7 });
  });

  it('marks the frame with the finish reason as the last of the protocol', () => {
    const decoder = geminiOutbound.openDecoder();
    const frames = decoder.push(sse(events));
    expect(frames.map((frame) => frame.terminal)).toEqual([false, false, false, false, true]);
    expect(decoder.position).toMatchObject({ id: 'answer-1', model: 'gemini-3-pro-preview', finished: true });
  });

  it('leaves a stream without finish reason unfinished', () => {
    const decoder = geminiOutbound.openDecoder();
    decoder.push(sse(events.slice(0, 2)));
    expect(decoder.end().flatMap((frame) => frame.parts)).toEqual([{ type: 'text-end', index: 1 }]);
    expect(decoder.position.finished).toBe(false);
  });

  it('turns an event that is no JSON into upstream_malformed', () => {
    const [part] = decode(Buffer.from('data: {"candidates":\n\n'));
    expect(part).toMatchObject({ type: 'error', fault: { code: 'upstream_malformed' } });
  });

  it('reads an error in band with its wait', () => {
    const error = {
      code: 503,
      status: 'UNAVAILABLE',
      message: 'busy',
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' }],
    };
    const parts = decode(sse([chunk([{ text: 'He' }]), { error }]));
    expect(parts).toContainEqual(
      expect.objectContaining({
        type: 'error',
        fault: expect.objectContaining({ code: 'upstream_overloaded', retryAfterMs: 1500 }),
      }),
    );
  });

  it('reads only the first of several candidates', () => {
    const both = {
      candidates: [
        { content: { parts: [{ text: 'B' }] }, index: 1 },
        { content: { parts: [{ text: 'A' }] }, index: 0, ...stop },
      ],
    };
    expect(blocksOf([both])).toEqual([{ type: 'text', text: 'A' }]);
  });
});

describe('function calls in pieces', () => {
  const pieces = [
    chunk([{ functionCall: { name: 'book', id: 'c1', willContinue: true } }]),
    chunk([
      {
        functionCall: {
          partialArgs: [{ jsonPath: '$.to.city', stringValue: 'Köl', willContinue: true }],
          willContinue: true,
        },
      },
    ]),
    chunk([
      {
        functionCall: {
          partialArgs: [
            { jsonPath: '$.to.city', stringValue: 'n' },
            { jsonPath: '$.seats[1].row', numberValue: 7 },
          ],
          willContinue: true,
        },
      },
    ]),
    chunk([
      {
        functionCall: {
          partialArgs: [
            { jsonPath: "$['odd key']", nullValue: 'NULL_VALUE' },
            { jsonPath: '$.pay', boolValue: true },
          ],
          willContinue: true,
        },
      },
    ]),
  ];
  const wanted = { to: { city: 'Köln' }, seats: [null, { row: 7 }], 'odd key': null, pay: true };

  it('[scenario 49] closes a call without its terminal part as valid JSON at the end of the candidate', () => {
    const parts = decode(sse([...pieces, chunk([{ text: '' }], {}, stop)]));
    expect(argumentsOf(parts).map((text) => JSON.parse(text))).toEqual([wanted]);
    expect(parts.filter((part) => part.type === 'tool-call-end')).toHaveLength(1);
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
  });

  it('[scenario 49] closes it before the next call, and at a cut', () => {
    const next = chunk([{ functionCall: { name: 'other', args: {} } }], {}, stop);
    expect(argumentsOf(decode(sse([...pieces, next]))).map((text) => JSON.parse(text))).toEqual([wanted, {}]);
    expect(argumentsOf(decode(sse(pieces))).map((text) => JSON.parse(text))).toEqual([wanted]);
  });

  it('[scenario 48] gives a call without arguments an empty object', () => {
    const parts = decode(sse([chunk([{ functionCall: { name: 'now' } }], {}, stop)]));
    expect(argumentsOf(parts)).toEqual(['{}']);
  });

  it('[scenario 50] reports a call cut by the limit as length', () => {
    const parts = decode(sse([...pieces, chunk([], {}, { finishReason: 'MAX_TOKENS' })]));
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'length' });
  });

  it('refuses paths that would exhaust memory or touch prototypes', () => {
    const hostile = (jsonPath: string) =>
      decode(sse([chunk([{ functionCall: { name: 'f', partialArgs: [{ jsonPath, stringValue: 'x' }] } }], {}, stop)]));
    expect(hostile('$.a[999999999]').some((part) => part.type === 'error')).toBe(true);
    expect(argumentsOf(hostile('$.__proto__.polluted'))).toEqual(['{"__proto__":{"polluted":"x"}}']);
    expect('polluted' in {}).toBe(false);
  });

  it('gives calls without ids stable ones that differ between answers', () => {
    const answer = (responseId: string) =>
      decode(
        sse([chunk([{ functionCall: { name: 'f' } }, { functionCall: { name: 'f' } }], { responseId }, stop)]),
      ).flatMap((part) => (part.type === 'tool-call-start' ? [part.id] : []));
    expect(answer('one')).toEqual(answer('one'));
    expect(new Set([...answer('one'), ...answer('two')]).size).toBe(4);
    expect(answer('one').every((id) => /^[\w-]{1,64}$/.test(id))).toBe(true);
  });
});

describe('whole Gemini answers', () => {
  it('keeps the signature of a call and of a thought, with its issuer', () => {
    const body = chunk(
      [
        { text: 'hm', thought: true, thoughtSignature: 'dGg=' },
        { functionCall: { name: 'f', id: 'x', args: { a: 1 } }, thoughtSignature: 'Y2FsbA==' },
      ],
      {},
      stop,
    );
    expect(ok(geminiOutbound.decodeCompletion(body)).blocks).toEqual([
      { type: 'reasoning', text: 'hm', signature: 'dGg=', provenance: 'gemini' },
      { type: 'tool-call', id: 'x', name: 'f', arguments: '{"a":1}', signature: 'Y2FsbA==' },
    ]);
  });

  it('reads images and sources', () => {
    const grounding = {
      groundingChunks: [
        { web: { uri: 'https://a.example', title: 'A' } },
        { web: { uri: 'https://a.example', title: 'A' } },
      ],
      groundingSupports: [{ segment: { text: 'cited' }, groundingChunkIndices: [0] }],
      webSearchQueries: ['q1', 'q2'],
    };
    const body = chunk(
      [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }],
      { usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 } },
      { ...stop, groundingMetadata: grounding },
    );
    const completion = ok(geminiOutbound.decodeCompletion(body));
    expect(completion.blocks).toEqual([
      { type: 'media', mediaType: 'image/png', base64: 'AAAA' },
      { type: 'source', url: 'https://a.example', title: 'A', citedText: 'cited' },
    ]);
    expect(completion.usage?.buckets.requests).toBe(2);
  });

  it('[scenario 9] turns a blocked prompt without candidates into a content-filter finish', () => {
    const body = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 4 } };
    const completion = ok(geminiOutbound.decodeCompletion(body));
    expect(completion.finish).toEqual({ reason: 'content-filter', rawReason: 'PROHIBITED_CONTENT' });
    expect(completion.usage?.buckets).toEqual({ input: 4 });
  });

  it('[scenario 9] never calls a filtered or malformed end a stop', () => {
    const reasonOf = (finishReason: string) =>
      ok(geminiOutbound.decodeCompletion(chunk([], {}, { finishReason }))).finish.reason;
    for (const word of ['SAFETY', 'RECITATION', 'BLOCKLIST', 'SPII', 'IMAGE_SAFETY']) {
      expect(reasonOf(word)).toBe('content-filter');
    }
    for (const word of ['MALFORMED_FUNCTION_CALL', 'LANGUAGE', 'SOMETHING_NEW']) expect(reasonOf(word)).toBe('other');
  });

  it('calls an answer with counters only empty, and an error object an error', () => {
    const empty = geminiOutbound.decodeCompletion({ usageMetadata: { promptTokenCount: 4 } });
    expect(Fault.is(empty) && empty.code).toBe('empty_completion');
    const failed = geminiOutbound.decodeCompletion({ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } });
    expect(Fault.is(failed) && failed.code).toBe('upstream_rate_limited');
  });
});
