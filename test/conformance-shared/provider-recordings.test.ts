import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import type { StreamPart } from '../../src/domain/stream-part.ts';
import { type ProviderDefinition, providerDefinitions } from '../../src/providers/index.ts';
import { callOf, endpointOf, registry } from '../conformance/provider-samples.ts';

const shared = process.env['SWITCHYARD_SHARED'] ?? resolve(import.meta.dirname, '../../../shared');
const recordings = join(shared, 'data/gateway-fixtures/vercel-ai');

/** Folders of hosts whose folder is called otherwise. */
const folderOf: Readonly<Record<string, string>> = {
  gemini: 'google',
  'azure-openai': 'azure',
  bedrock: 'amazon-bedrock',
  moonshot: 'moonshotai',
  qwen: 'alibaba',
};

interface ChatChunk {
  readonly choices?: readonly { readonly finish_reason?: string | null; readonly delta?: object }[];
  readonly usage?: object | null;
  readonly x_groq?: { readonly usage?: object };
}

function filesOf({ id }: ProviderDefinition): readonly string[] {
  const folder = join(recordings, folderOf[id] ?? id);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

/** Recorded chat streams of a host, as chunks. */
function chatStreams(definition: ProviderDefinition): readonly { name: string; lines: readonly string[] }[] {
  return filesOf(definition)
    .filter((path) => path.endsWith('.chunks.txt') && !path.includes('/responses/'))
    .map((path) => ({ name: basename(path), lines: readFileSync(path, 'utf8').split('\n').filter(Boolean) }));
}

function decode(definition: ProviderDefinition, lines: readonly string[]): readonly StreamPart[] {
  const encoded = registry
    .getProvider(definition.id)
    ?.encode(callOf('openai-chat', { stream: true }), endpointOf(definition, 'm'));
  if (encoded === undefined || Fault.is(encoded)) throw encoded ?? new Error('not registered');
  const decoder = encoded.openDecoder();
  const wire = Buffer.from(`${lines.map((line) => `data: ${line}\n\n`).join('')}data: [DONE]\n\n`);
  return [...decoder.push(wire), ...decoder.end()].flatMap(({ parts }) => parts);
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

const recorded = providerDefinitions.filter((definition) => definition.recorded === true);
const compatible = recorded.filter((definition) => chatStreams(definition).length > 0 && definition.id !== 'anthropic');
const chatHosts = compatible.filter(({ protocol, id }) => protocol === 'openai-chat' && id !== 'openai');

describe.each(recorded.map((definition) => [definition.id, definition] as const))('%s', (_id, definition) => {
  test('is called recorded because there are recordings', () => {
    expect(filesOf(definition).length).toBeGreaterThan(0);
  });
});

describe.each(chatHosts.map((definition) => [definition.id, definition] as const))('%s', (_id, definition) => {
  const streams = chatStreams(definition);

  test('streams usage where its quirks say, and it is read there', () => {
    for (const { name, lines } of streams) {
      const chunks = lines.map((line) => JSON.parse(line) as ChatChunk);
      expect(placementIn(chunks), name).toBe(definition.quirks?.usagePlacement ?? 'tail');
      const parts = decode(definition, lines);
      expect(
        parts.map(({ type }) => type),
        name,
      ).toContain('usage');
      expect(
        parts.map(({ type }) => type),
        name,
      ).toContain('finish');
      expect(
        parts.map(({ type }) => type),
        name,
      ).not.toContain('error');
    }
  });

  test('streams reasoning in the field its quirks name', () => {
    const fields = new Set(
      streams.flatMap(({ lines }) => lines.join('').match(/"(reasoning|reasoning_content)":"/g) ?? []),
    );
    const declared = definition.quirks?.reasoningField;
    if (fields.size > 0) expect([...fields]).toEqual([`"${declared}":"`]);
  });
});

test('hosts with recorded streams are there to be judged', () => {
  expect(chatHosts.length).toBeGreaterThan(5);
});
