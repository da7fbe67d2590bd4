import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/faults/fault.ts';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';
import { totalInput, totalOutput } from '../../src/domain/rating/usage.ts';
import {
  collectCompletion,
  openAIResponsesInbound as inbound,
  openAIResponsesOutbound as outbound,
} from '../../src/protocols/index.ts';
import { fixtures } from './responses-recordings.ts';

const golden = join(fixtures, 'agentgateway/llm-tests');

interface UsageRow {
  readonly model?: string;
  readonly body: { readonly usage?: Record<string, unknown> };
  readonly extracted: readonly {
    readonly usage: Record<string, number>;
    readonly extractors: readonly { readonly provider_id: string; readonly api_flavor: string }[];
  }[];
}

const rows = (JSON.parse(readFileSync(join(fixtures, 'genai-prices/usages.json'), 'utf8')) as UsageRow[]).filter(
  ({ body }) => typeof body.usage?.['input_tokens_details'] === 'object',
);

describe('recorded usage bodies of this shape [scenario 57]', () => {
  it('are there', () => {
    expect(rows.length).toBeGreaterThan(100);
  });

  it.each(rows.map((row, at) => ({ at, row })))('row $at adds up to the expected buckets', ({ row }) => {
    const wanted = row.extracted.find(({ extractors }) =>
      extractors.some(
        ({ provider_id: provider, api_flavor: flavor }) => provider === 'openai' && flavor === 'responses',
      ),
    );
    const answer = outbound.decodeCompletion({ status: 'completed', output: [], usage: row.body.usage } as JsonObject);
    if (Fault.is(answer) || answer.usage === undefined) throw new Error('no usage');
    const { buckets, invalid } = answer.usage;
    expect(invalid).toBeUndefined();
    expect(totalInput(buckets)).toBe(wanted?.usage['input_tokens'] ?? row.body.usage?.['input_tokens']);
    expect(totalOutput(buckets)).toBe(wanted?.usage['output_tokens'] ?? row.body.usage?.['output_tokens']);
    if (wanted === undefined) return;
    expect(buckets.cacheRead ?? 0).toBe(wanted.usage['cache_read_tokens'] ?? 0);
    expect(buckets.reasoning ?? 0).toBe(wanted.usage['output_reasoning_tokens'] ?? 0);
    expect(buckets.cacheWrite5m ?? 0).toBe(wanted.usage['cache_write_tokens'] ?? 0);
  });
});

describe.each(readdirSync(join(golden, 'requests/responses')).filter((name) => name.endsWith('.json')))(
  'request %s',
  (name) => {
    it('is parsed and encoded to the same conversation', () => {
      const body = JSON.parse(readFileSync(join(golden, 'requests/responses', name), 'utf8')) as JsonObject;
      const head = inbound.readHead(body, { operation: 'generate' });
      if (Fault.is(head)) throw head;
      const call = inbound.parseCall(body, head);
      if (Fault.is(call)) throw call;
      const options = {
        upstreamModel: head.model,
        requiredMaxOutputTokens: 1,
        assistantPrefill: false,
        nativeJsonSchema: true,
      };
      const encoded = outbound.encodeCall(call, options);
      if (Fault.is(encoded)) throw encoded;
      expect(encoded.dropped).toEqual([]);
      const again = inbound.parseCall(encoded.body, head);
      if (Fault.is(again)) throw again;
      const strip = (value: unknown): unknown =>
        JSON.parse(JSON.stringify(value, (key, field) => (key === 'at' || key === 'title' ? undefined : field)));
      expect(strip(again.messages)).toEqual(strip(call.messages));
    });
  },
);

describe('answers of the golden set', () => {
  it('reads a whole answer', () => {
    const body = JSON.parse(readFileSync(join(golden, 'response/responses/basic.json'), 'utf8')) as JsonObject;
    expect(outbound.decodeCompletion(body)).toMatchObject({
      blocks: [{ type: 'text', text: 'Hello! How can I assist you today?' }],
      finish: { reason: 'stop' },
      usage: { buckets: { input: 10, output: 10 } },
    });
  });

  it('reads a stream that announces no content parts, has empty ids and ends in [DONE]', () => {
    const decoder = outbound.openDecoder();
    const bytes = readFileSync(join(golden, 'response/responses/stream.json'));
    const frames = [...decoder.push(bytes), ...decoder.end()];
    expect(collectCompletion(frames.flatMap((frame) => frame.parts))).toMatchObject({
      blocks: [
        { type: 'text', text: 'Hello' },
        { type: 'tool-call', id: 'call_xxx', name: 'get_weather', arguments: '{"location":"San Francisco"}' },
      ],
      finish: { reason: 'tool-calls' },
    });
    expect(decoder.position).toMatchObject({ finished: true, terminated: true, sequenceNumber: 12 });
  });

  it('reads a call of a free-form tool', () => {
    const decoder = outbound.openDecoder();
    const frames = [
      ...decoder.push(readFileSync(join(golden, 'response/responses/stream-custom-tool.json'))),
      ...decoder.end(),
    ];
    const answer = collectCompletion(frames.flatMap((frame) => frame.parts));
    if (Fault.is(answer)) throw answer;
    const [call] = answer.blocks;
    if (call?.type !== 'tool-call') throw new Error('no call');
    expect(JSON.parse(call.arguments)).toEqual({
      input: 'const r = await tools.exec_command({cmd:"echo"}); text(r.output);',
    });
  });
});
