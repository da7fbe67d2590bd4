import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';

/** A recorded stream of chat completion chunks, in its wire form. */
export interface ChatStream {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A recorded answer in one piece. */
export interface ChatAnswer {
  readonly name: string;
  readonly status: number;
  readonly request: JsonObject | undefined;
  readonly body: JsonObject;
}

interface Cassette {
  readonly interactions: readonly {
    readonly request: { readonly body: string; readonly url: string };
    readonly response: { readonly body: string; readonly code?: number; readonly status?: string };
  }[];
}

const shared = process.env['SWITCHYARD_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
const root = join(shared, 'data', 'gateway-fixtures');

/** Recordings lie outside the repository; where they are missing the suite must fail, not shrink. */
function filesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

function cassettes(): readonly { readonly name: string; readonly cassette: Cassette }[] {
  const folder = join(root, 'envoy-ai-gateway', 'cassettes');
  return filesUnder(folder)
    .filter((path) => path.endsWith('.yaml'))
    .map((path) => ({ name: relative(root, path), cassette: parse(readFileSync(path, 'utf8')) as Cassette }));
}

/** Every recorded chat stream. */
export function chatStreams(): readonly ChatStream[] {
  const files = [...filesUnder(join(root, 'vercel-ai')), ...filesUnder(join(root, 'tensorzero-mock-provider'))];
  const lines = files
    .filter((path) => /\.(chunks\.txt|jsonl)$/.test(path))
    .map((path) => ({ name: relative(root, path), text: readFileSync(path, 'utf8').trim() }))
    .filter(({ text }) => isChatChunk(text.split('\n', 1)[0] ?? ''))
    .map(({ name, text }) => ({ name, bytes: Buffer.from(wireOf(text)) }));
  const recorded = cassettes().flatMap(({ name, cassette }) =>
    cassette.interactions
      .filter(({ request, response }) => request.url.includes('/chat/') && response.body.startsWith('data:'))
      .map(({ response }) => ({ name, bytes: Buffer.from(response.body) })),
  );
  return [...lines, ...recorded];
}

/** Every recorded answer that came in one piece, of chat and of the sibling routes. */
export function chatAnswers(route: string): readonly ChatAnswer[] {
  return cassettes().flatMap(({ name, cassette }) =>
    cassette.interactions
      .filter(({ request, response }) => request.url.includes(route) && response.body.trimStart().startsWith('{'))
      .map(({ request, response }) => ({
        name,
        status: response.code ?? Number.parseInt(response.status ?? '200', 10),
        request: request.body.trimStart().startsWith('{') ? (JSON.parse(request.body) as JsonObject) : undefined,
        body: JSON.parse(response.body) as JsonObject,
      })),
  );
}

/** Recorded whole answers of compatible hosts. */
export function chatBodies(): readonly { readonly name: string; readonly body: JsonObject }[] {
  return [...filesUnder(join(root, 'vercel-ai')), ...filesUnder(join(root, 'tensorzero-mock-provider'))]
    .filter((path) => path.endsWith('.json'))
    .map((path) => ({ name: relative(root, path), body: JSON.parse(readFileSync(path, 'utf8')) as JsonObject }))
    .filter(({ body }) => Array.isArray(body['choices']));
}

/** One usage body with the buckets that its collection reads from it. */
export interface UsageRow {
  readonly body: { readonly file: string; readonly usage?: JsonObject };
  readonly extracted: readonly {
    readonly usage: { readonly [bucket: string]: number };
    readonly extractors: readonly { readonly provider_id: string; readonly api_flavor: string }[];
  }[];
}

/** Every recorded usage block. */
export function usageRows(): readonly UsageRow[] {
  return JSON.parse(readFileSync(join(root, 'genai-prices', 'usages.json'), 'utf8')) as UsageRow[];
}

function isChatChunk(line: string): boolean {
  const chunk = JSON.parse(line) as JsonObject;
  return Array.isArray(chunk['choices']);
}

function wireOf(lines: string): string {
  const events = lines.split('\n').filter((line) => line !== '');
  return [...events, '[DONE]'].map((line) => `data: ${line}\n\n`).join('');
}
