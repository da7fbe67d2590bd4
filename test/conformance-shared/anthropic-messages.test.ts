import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/faults/fault.ts';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';
import type { StreamPart } from '../../src/domain/calls/stream-part.ts';
import { totalInput, totalOutput, type UsageBuckets } from '../../src/domain/rating/usage.ts';
import {
  anthropicMessagesInbound as inbound,
  anthropicMessagesOutbound as outbound,
  readAnthropicUsage,
} from '../../src/protocols/anthropic-messages/index.ts';
import type { AnswerContext, Frame } from '../../src/protocols/contract.ts';
import {
  messagesAnswers,
  messagesRequests,
  messagesStreams,
  type UsageRow,
  usageRows,
} from './anthropic-recordings.ts';

const context: AnswerContext = {
  requestId: 'rq_1',
  model: 'm',
  createdAtS: 1,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}new`,
};

function decode(bytes: Buffer, step = bytes.length): Frame[] {
  const decoder = outbound.openDecoder();
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; at += step)
    frames.push(...decoder.push(Buffer.from(bytes.subarray(at, at + step))));
  return [...frames, ...decoder.end()];
}

const partsOf = (frames: readonly Frame[]): StreamPart[] =>
  frames.flatMap((frame) => frame.parts).filter((part) => part.type !== 'ping');

const textOf = (parts: readonly StreamPart[]): string =>
  parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');

/** Everything a client would see, block by block. */
const contentOf = (parts: readonly StreamPart[]): StreamPart[] =>
  parts.filter(
    (part) =>
      !['start', 'usage', 'text-start', 'text-end', 'source', 'raw'].includes(part.type) &&
      !('text' in part && part.text === ''),
  );

const streams = messagesStreams();
const spliced = (name: string): boolean => name.startsWith('spliced');

describe('recorded Messages streams', () => {
  it('are there', () => {
    expect(streams.length).toBeGreaterThan(28);
    expect(messagesAnswers().length).toBeGreaterThan(20);
  });

  describe.each(streams.map((stream) => [stream.name, stream] as const))('%s', (name, { bytes, events }) => {
    const frames = decode(bytes);
    const parts = partsOf(frames);

    it('keeps its bytes, ends well and says why', () => {
      expect(Buffer.concat(frames.map((frame) => frame.bytes)).equals(bytes)).toBe(true);
      const faults = parts.flatMap((part) => (part.type === 'error' ? [part.fault.code] : []));
      expect(faults).toEqual(spliced(name) ? ['truncated'] : []);
      expect(parts.filter((part) => part.type === 'finish')).toHaveLength(spliced(name) ? 0 : 1);
      expect(frames.filter((frame) => frame.terminal)).toHaveLength(spliced(name) ? 0 : 1);
    });

    it('gives the text of its deltas, and the last word on usage', () => {
      if (spliced(name)) return;
      const deltas = events.map((event) => event['delta'] as JsonObject | undefined);
      const text = deltas.map((delta) => (delta?.['type'] === 'text_delta' ? String(delta['text']) : '')).join('');
      expect(textOf(parts)).toBe(text);
      const start = events[0]?.['message'] as JsonObject;
      const ended = events.findLast((event) => event['type'] === 'message_delta');
      const last = (ended?.['usage'] ?? start['usage']) as JsonObject;
      const buckets = parts.flatMap((part) => (part.type === 'usage' ? [part.usage.buckets] : [])).at(-1) ?? {};
      const compacted = JSON.stringify(last).includes('"compaction"');
      if (!compacted) expect(totalOutput(buckets)).toBe(last['output_tokens']);
      if (!compacted && typeof last['input_tokens'] === 'number') expect(buckets.input).toBe(last['input_tokens']);
    });

    it('[scenario 2] decodes the same at every split, with CRLF and without a final newline', () => {
      for (const step of [1, 2, 7, 1021]) expect(partsOf(decode(bytes, step))).toEqual(parts);
      const crlf = Buffer.from(bytes.toString().replaceAll('\n', '\r\n'));
      expect(partsOf(decode(crlf, 3))).toEqual(parts);
      expect(partsOf(decode(Buffer.from(bytes.toString().trimEnd())))).toEqual(parts);
    });

    it('[scenario 3] survives being written and read again', () => {
      if (spliced(name)) return;
      const encoder = inbound.openEncoder(context);
      const text = parts.map((part) => encoder.push(part)).join('') + encoder.end();
      expect(contentOf(partsOf(decode(Buffer.from(text))))).toEqual(contentOf(parts));
    });
  });

  it('[scenario 9] holds refusals, which stay refusals', () => {
    const refused = streams.filter(({ events }) => JSON.stringify(events).includes('"stop_reason":"refusal"'));
    expect(refused.length).toBeGreaterThan(2);
    for (const { bytes } of refused) {
      expect(partsOf(decode(bytes)).find((part) => part.type === 'finish')).toMatchObject({ reason: 'refusal' });
    }
  });
});

describe('recorded Messages answers', () => {
  it.each(messagesAnswers().map(({ name, body }) => [name, body] as const))(
    '%s is read and written again',
    (_name, body) => {
      const completion = outbound.decodeCompletion(body);
      if (Fault.is(completion)) throw completion;
      const usage = body['usage'] as JsonObject;
      expect(totalOutput(completion.usage?.buckets ?? {})).toBeGreaterThanOrEqual(Number(usage['output_tokens']));
      const again = outbound.decodeCompletion(inbound.encodeCompletion(completion, context));
      const visible = completion.blocks.filter((block) => block.type !== 'text' || block.text !== '');
      // A call run from inside a server's code can stand in an answer that is over; ours tells the client to run it.
      const calls = visible.some((block) => block.type === 'tool-call');
      const finish = calls && completion.finish.reason === 'stop' ? { reason: 'tool-calls' } : completion.finish;
      expect(again).toMatchObject({ blocks: visible, finish });
    },
  );
});

describe('recorded Messages requests', () => {
  it.each(messagesRequests().map(({ name, body }) => [name, body] as const))(
    '%s comes out as it went in',
    (_name, body) => {
      const head = inbound.readHead(body, { operation: 'generate' });
      if (Fault.is(head)) throw head;
      const call = inbound.parseCall(body, head);
      if (Fault.is(call)) throw call;
      const encoded = outbound.encodeCall(call, {
        upstreamModel: head.model,
        requiredMaxOutputTokens: 1,
        assistantPrefill: true,
        nativeJsonSchema: true,
      });
      if (Fault.is(encoded)) throw encoded;
      expect(encoded.dropped).toEqual([]);
      const { messages, system, ...settings } = encoded.body;
      expect(body).toMatchObject(settings);
      expect(JSON.stringify([system, messages])).toContain(firstText(body));
    },
  );
});

describe('recorded usage blocks of the Messages shape', () => {
  const rows = usageRows().filter(({ body }) => body.usage?.['cache_read_input_tokens'] !== undefined);

  it('are there', () => {
    expect(rows.length).toBeGreaterThan(100);
  });

  it('[scenario 57] fall into the buckets of the collection', () => {
    for (const row of rows) {
      // The collection leaves compaction out, which the API bills apart from the totals.
      if (JSON.stringify(row.body.usage).includes('"compaction"')) continue;
      const usage = readAnthropicUsage(row.body.usage);
      expect(usage && nested(usage.buckets), JSON.stringify(row.body)).toEqual(expectedOf(row));
      expect(usage?.invalid).toBeUndefined();
    }
  });
});

/** Our disjoint buckets in the collection's nested terms. */
function nested(buckets: UsageBuckets): { readonly [name: string]: number } {
  const named = {
    input_tokens: totalInput(buckets),
    output_tokens: totalOutput(buckets),
    cache_read_tokens: buckets.cacheRead,
    cache_write_tokens: (buckets.cacheWrite5m ?? 0) + (buckets.cacheWrite1h ?? 0),
    cache_write_1h_tokens: buckets.cacheWrite1h,
    output_reasoning_tokens: buckets.reasoning,
    web_searches: buckets.requests,
  };
  return Object.fromEntries(Object.entries(named).flatMap(([name, units]) => (units ? [[name, units]] : [])));
}

function expectedOf({ extracted }: UsageRow): { readonly [name: string]: number } | undefined {
  const found = extracted.find(({ extractors }) =>
    extractors.some(
      ({ provider_id: provider, api_flavor: flavor }) => provider === 'anthropic' && flavor === 'default',
    ),
  );
  const { cache_write_5m_tokens: _, ...usage } = found?.usage ?? {};
  return usage;
}

function firstText(body: JsonObject): string {
  const [message] = body['messages'] as readonly JsonObject[];
  const content = message?.['content'];
  const text = Array.isArray(content) ? (content[0] as JsonObject)['text'] : content;
  return JSON.stringify(text).slice(1, -1);
}
