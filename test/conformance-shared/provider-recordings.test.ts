import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/domain/faults/fault.ts';
import type { StreamPart } from '../../src/domain/calls/stream-part.ts';
import { type ProviderDefinition, providerDefinitions } from '../../src/providers/index.ts';
import { callOf, endpointOf, isInbound, registry } from '../conformance/provider-samples.ts';
import { type HostStream, streamsOf } from './host-recordings.ts';

interface ChatChunk {
  readonly choices?: readonly { readonly finish_reason?: string | null; readonly delta?: object }[];
  readonly usage?: object | null;
  readonly x_groq?: { readonly usage?: object };
}

/** Reads a stream as the host's own provider does, which is asked in the dialect of the recording. */
function decode(definition: ProviderDefinition, { dialect, bytes }: HostStream): readonly StreamPart[] {
  const client = isInbound(dialect) ? dialect : 'openai-chat';
  const encoded = registry
    .getProvider(definition.id)
    ?.encode(callOf(client, { stream: true }), endpointOf(definition, 'm'));
  if (encoded === undefined || Fault.is(encoded)) throw encoded ?? new Error('not registered');
  expect(encoded.dialect).toBe(dialect);
  const decoder = encoded.openDecoder();
  return [...decoder.push(bytes), ...decoder.end()].flatMap(({ parts }) => parts);
}

/** Where a recorded stream carries its usage. */
function placementIn(chunks: readonly ChatChunk[]): string {
  const withUsage = chunks.filter(
    (chunk) => (chunk.usage ?? chunk.x_groq?.usage) !== undefined && chunk.usage !== null,
  );
  if (withUsage.length > 1 && withUsage.length === chunks.length) return 'every-chunk';
  const last = withUsage.at(-1)?.choices ?? [];
  return last.some(({ finish_reason: reason }) => typeof reason === 'string') ? 'finish-chunk' : 'tail';
}

const recorded = providerDefinitions
  .filter((definition) => definition.recorded === true)
  .map((definition) => [definition.id, definition, streamsOf(definition)] as const);
const chatHosts = recorded.flatMap(([id, definition, streams]) => {
  const chats = streams.filter(({ dialect }) => dialect === 'openai-chat');
  return definition.protocol === 'openai-chat' && id !== 'openai' ? [[id, definition, chats] as const] : [];
});

describe.each(recorded)('%s', (_id, definition, streams) => {
  test('is called recorded because its provider reads every recorded stream to the end', () => {
    expect(streams.length).toBeGreaterThan(0);
    for (const stream of streams) {
      const types = decode(definition, stream).map(({ type }) => type);
      const failed = stream.events.some(({ type }) => type === 'error' || type === 'response.failed');
      expect(types.includes('error'), stream.name).toBe(failed);
      if (failed) continue;
      expect(types, stream.name).toContain('finish');
      expect(types, stream.name).toContain('usage');
    }
  });
});

describe.each(chatHosts)('%s', (_id, definition, streams) => {
  test('streams usage where its quirks say', () => {
    for (const { name, events } of streams) {
      expect(placementIn(events as readonly ChatChunk[]), name).toBe(definition.quirks?.usagePlacement ?? 'tail');
    }
  });

  test('streams reasoning in the field its quirks name', () => {
    const fields = new Set(
      streams.flatMap(({ bytes }) => bytes.toString().match(/"(reasoning|reasoning_content)":"/g) ?? []),
    );
    const declared = definition.quirks?.reasoningField;
    if (fields.size > 0) expect([...fields]).toEqual([`"${declared}":"`]);
  });
});

test('hosts with recorded streams are there to be judged', () => {
  expect(chatHosts.length).toBeGreaterThan(5);
  expect(new Set(recorded.flatMap(([, , streams]) => streams.map(({ dialect }) => dialect))).size).toBe(5);
});
