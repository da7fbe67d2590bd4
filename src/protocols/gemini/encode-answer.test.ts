import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import { faultKinds, type FaultCode } from '../../domain/faults/fault-codes.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { collectCompletion, completionToParts } from '../shared/collect-completion.ts';
import { foreignProofsInGemini } from './foreign-signature.ts';
import { geminiInbound } from './inbound.ts';
import { geminiOutbound } from './outbound.ts';
import { SseToJsonArray } from './sse-to-json-array.ts';
import { chunk, contextOf, decode, ok, parse, sse } from './test-support.ts';

const completion: Completion = {
  id: 'a1',
  model: 'm1',
  blocks: [
    { type: 'reasoning', text: 'hm', signature: 'c2ln', provenance: 'gemini' },
    { type: 'text', text: 'Grüße 😀' },
    { type: 'tool-call', id: 'c1', name: 'f', arguments: '{"a":[1,2]}', signature: 'Y2FsbA==' },
    { type: 'media', mediaType: 'image/png', base64: 'AAAA' },
    { type: 'source', url: 'https://a.example', title: 'A' },
  ],
  finish: { reason: 'tool-calls', rawReason: 'STOP' },
  usage: { buckets: { input: 3, cacheRead: 2, output: 4, reasoning: 5 }, source: 'provider' },
};

function stream(parts: readonly StreamPart[], framing: 'sse' | 'json-array'): string {
  const encoder = geminiInbound.openEncoder(contextOf(framing));
  return parts.map((part) => encoder.push(part)).join('') + encoder.end();
}

describe('answers in the Gemini dialect', () => {
  it('[scenario 3] says the same whole, as SSE and as a JSON array', () => {
    const { usage, ...rest } = completion;
    const wanted = { ...rest, usage };
    const whole = geminiInbound.encodeCompletion(completion, contextOf());
    expect(ok(geminiOutbound.decodeCompletion(whole))).toEqual(wanted);
    const events = stream(completionToParts(completion), 'sse');
    expect(ok(collectCompletion(decode(Buffer.from(events))))).toEqual(wanted);
    const array = JSON.parse(stream(completionToParts(completion), 'json-array')) as unknown[];
    expect(ok(collectCompletion(decode(sse(array))))).toEqual(wanted);
  });

  it('survives the round trip for any text and arguments', () => {
    const block = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }).map((text): CompletionBlock => ({ type: 'text', text })),
      fc.dictionary(fc.string(), fc.jsonValue()).map((args): CompletionBlock => ({
        type: 'tool-call',
        id: 'c',
        name: 'f',
        arguments: JSON.stringify(args),
      })),
    );
    const pair = fc.tuple(block, block).filter(([a, b]) => a.type !== 'text' || b.type !== 'text');
    fc.assert(
      fc.property(pair, ([first, second]) => {
        const answer: Completion = {
          id: 'i',
          model: 'm',
          blocks: [first, second],
          finish: { reason: 'length', rawReason: 'MAX_TOKENS' },
        };
        const events = stream(completionToParts(answer), 'sse');
        expect(ok(collectCompletion(decode(Buffer.from(events)))).blocks.map(normal)).toEqual(
          answer.blocks.map(normal),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('keeps Gemini’s own words for the end and finds some for others', () => {
    const wordOf = (finish: Completion['finish']) => {
      const body = geminiInbound.encodeCompletion({ blocks: [], finish }, contextOf());
      return (body['candidates'] as { finishReason: string }[])[0]?.finishReason;
    };
    expect(wordOf({ reason: 'length', rawReason: 'max_tokens' })).toBe('MAX_TOKENS');
    expect(wordOf({ reason: 'tool-calls', rawReason: 'tool_use' })).toBe('STOP');
    expect(wordOf({ reason: 'refusal', rawReason: 'refusal' })).toBe('SAFETY');
    expect(wordOf({ reason: 'content-filter', rawReason: 'RECITATION' })).toBe('RECITATION');
    expect(wordOf({ reason: 'other', rawReason: 'LANGUAGE' })).toBe('LANGUAGE');
    expect(wordOf({ reason: 'other', rawReason: 'something' })).toBe('OTHER');
  });

  it('[scenario 9] ends a refusal as SAFETY, with its text', () => {
    const body = geminiInbound.encodeCompletion(
      { blocks: [{ type: 'refusal', text: 'I cannot.' }], finish: { reason: 'refusal' } },
      contextOf(),
    );
    expect(body['candidates']).toMatchObject([{ finishReason: 'SAFETY', content: { parts: [{ text: 'I cannot.' }] } }]);
  });

  it('[scenario 50] tells of arguments cut by the limit instead of inventing some', () => {
    const parts: StreamPart[] = [
      { type: 'tool-call-start', index: 0, id: 'c', name: 'f' },
      { type: 'tool-call-delta', index: 0, arguments: '{"a":' },
      { type: 'tool-call-end', index: 0 },
      { type: 'finish', reason: 'length' },
    ];
    const text = stream(parts, 'sse');
    expect(text).not.toContain('functionCall');
    expect(text).toContain('"finishReason":"MAX_TOKENS"');
    expect(text).toContain('f({\\"a\\":');
  });

  it('writes nothing for parts of other dialects that have no word here', () => {
    const encoder = geminiInbound.openEncoder(contextOf());
    const silent: StreamPart[] = [
      { type: 'start', id: 'x' },
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: '' },
      { type: 'raw', value: { type: 'some_event' } },
      { type: 'ping' },
    ];
    expect(silent.map((part) => encoder.push(part)).join('')).toBe('');
  });

  it('[scenario 51] carries another provider’s proof of reasoning sealed, and opens it in the next turn', () => {
    const proof = { type: 'reasoning', text: 'hm', signature: 'ErUB', provenance: 'anthropic-messages' } as const;
    const body = geminiInbound.encodeCompletion({ blocks: [proof], finish: { reason: 'stop' } }, contextOf());
    const [candidate] = body['candidates'] as unknown as {
      content: JsonObject & { parts: { thoughtSignature: string }[] };
    }[];
    const content = candidate?.content ?? { parts: [] };
    const sealed = content.parts.map((part) => part.thoughtSignature).join('');
    expect(Buffer.from(sealed, 'base64').toString('base64')).toBe(sealed);
    const contents = [{ role: 'user', parts: [{ text: 'q' }] }, content];
    expect(parse({ contents }).messages[1]?.content).toMatchObject([proof]);
    // [scenario 53] and Gemini itself never sees it.
    expect(foreignProofsInGemini.find({ contents }, 'gemini-2.5-pro').dropped).toEqual(['/contents/1']);
    const said = { role: 'model', parts: [{ text: 'x' }, ...content.parts] };
    expect(foreignProofsInGemini.find({ contents: [said] }, 'gemini-2.5-pro')).toEqual({
      edits: [{ op: 'remove', pointer: '/contents/0/parts/1' }],
      dropped: ['/contents/0/parts/1'],
      added: [],
    });
    const own = { contents: [{ role: 'model', parts: [{ text: 'x', thought: true, thoughtSignature: 'EqsF' }] }] };
    expect(foreignProofsInGemini.find(own, 'gemini-3-pro').edits).toEqual([]);
  });

  it('[scenario 53] gives calls that another model made in the running turn the documented stand-in', () => {
    const call: JsonObject = { role: 'model', parts: [{ text: 'x' }, { functionCall: { name: 'n', args: {} } }] };
    const answer = { role: 'user', parts: [{ functionResponse: { name: 'n', response: {} } }] };
    const ask = { role: 'user', parts: [{ text: 'q' }] };
    const running: JsonObject = { contents: [ask, call, answer, ask, call, answer] };
    const at = '/contents/4/parts/1/thoughtSignature';
    expect(foreignProofsInGemini.find(running, 'gemini-3-pro')).toEqual({
      edits: [{ op: 'set', pointer: at, value: 'skip_thought_signature_validator' }],
      dropped: [],
      added: [at],
    });
    expect(foreignProofsInGemini.find(running, 'gemini-2.5-pro').edits).toEqual([]);
  });
});

describe('errors in the Gemini dialect', () => {
  it('[scenario 15] fails in band as an event, and as the last element of a valid array', () => {
    const part: StreamPart = { type: 'text-delta', index: 0, text: 'He' };
    const events = geminiInbound.openEncoder(contextOf());
    const text = events.push(part) + events.fail(new Fault('truncated'));
    expect(decode(Buffer.from(text)).some((decoded) => decoded.type === 'error')).toBe(true);
    expect(text).not.toContain('finishReason');
    for (const pushed of [[part], []]) {
      const encoder = geminiInbound.openEncoder(contextOf('json-array'));
      const array = pushed.map((one) => encoder.push(one)).join('') + encoder.fail(new Fault('truncated'));
      expect((JSON.parse(array) as unknown[]).at(-1)).toMatchObject({ error: { code: 502, status: 'UNAVAILABLE' } });
    }
  });

  it('continues a passed-through stream with an error, and needs nothing to close one', () => {
    const position = { sequenceNumber: 0, id: 'a', model: 'm', finished: false, terminated: false };
    const failed = geminiInbound.failStream(new Fault('upstream_timeout'), contextOf(), position);
    expect(failed).toMatch(/^data: \{"error".*DEADLINE_EXCEEDED.*\}\n\n$/);
    expect(geminiInbound.closeStream(contextOf(), { ...position, finished: true })).toBe('');
    const array = geminiInbound.failStream(new Fault('truncated'), contextOf('json-array'), position);
    expect(JSON.parse(`[{}${array}`)).toHaveLength(2);
  });

  it('has a status word for every fault code, and tells waits as RetryInfo', () => {
    for (const code of Object.keys(faultKinds) as FaultCode[]) {
      const body = geminiInbound.encodeFault(new Fault(code, { retryAfterMs: 1500 }), 'request-9');
      expect(body).toMatchObject({
        error: {
          code: faultKinds[code].httpStatus,
          status: expect.stringMatching(/^(?!UNKNOWN)[A-Z_]+$/),
          details: [{ reason: code.toUpperCase(), metadata: { requestId: 'request-9' } }, { retryDelay: '1.5s' }],
        },
      });
    }
  });

  it('[scenario 38] passes on what Google said about the client’s request', () => {
    const upstreamBody = { error: { code: 400, status: 'INVALID_ARGUMENT', message: 'no' } };
    expect(geminiInbound.encodeFault(new Fault('upstream_rejected', { upstreamBody }), 'r')).toBe(upstreamBody);
  });
});

describe('SseToJsonArray', () => {
  it('turns passed-through events into one array without touching their bytes', () => {
    const events = [chunk([{ text: 'a' }]), chunk([{ text: 'b' }], { n: 1 })];
    const frames = geminiOutbound.openDecoder().push(Buffer.concat([Buffer.from(': ping\n\n'), sse(events)]));
    const array = new SseToJsonArray();
    expect(array.isEmpty).toBe(true);
    const text = frames.map((frame) => array.push(frame)).join('') + array.end();
    expect(text).toBe(`[${JSON.stringify(events[0])},\n${JSON.stringify(events[1])}]\n`);
    expect(new SseToJsonArray().end()).toBe('[]\n');
  });
});

function normal(block: CompletionBlock): unknown {
  return block.type === 'tool-call' ? { ...block, arguments: JSON.parse(block.arguments) as unknown } : block;
}
