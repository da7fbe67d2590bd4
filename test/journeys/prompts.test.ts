import Anthropic from '@anthropic-ai/sdk';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Client, Rollout } from '../../src/sdk/index.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { databaseOpened, ownerClient } from './support/owner-client.ts';
import { waitUntil } from './support/wait-until.ts';

const [plain, kind] = ['Answer plainly, as the secret handbook says.', 'Answer kindly, as the secret handbook says.'];

function listen(
  answer: (asked: string, path: string) => { readonly type: string; readonly body: string },
): Promise<Server> {
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { type, body } = answer(Buffer.concat(chunks).toString(), request.url ?? '');
      response.writeHead(200, { 'content-type': type });
      response.end(body);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** A model that does as its instructions say, and tells how often it was told. */
function startModel(): Promise<Server> {
  return listen((asked, path) => {
    if (path.endsWith('/embeddings')) return { type: 'application/json', body: embeddingOf(asked) };
    const { stream } = JSON.parse(asked) as { stream?: boolean };
    const said =
      [['kind', kind] as const, ['plain', plain] as const].find(([, text]) => asked.includes(text))?.[0] ?? 'none';
    const usage = { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 };
    const head = { id: 'c', created: 1, model: 'm' };
    if (stream !== true) {
      const choices = [{ index: 0, message: { role: 'assistant', content: said }, finish_reason: 'stop' }];
      return { type: 'application/json', body: JSON.stringify({ ...head, object: 'chat.completion', choices, usage }) };
    }
    const event = (choices: object[], more: object = {}): string =>
      `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
    const delta = event([{ index: 0, delta: { role: 'assistant', content: said }, finish_reason: null }]);
    const end = event([{ index: 0, delta: {}, finish_reason: 'stop' }]) + event([], { usage });
    return { type: 'text/event-stream', body: `${delta}${end}data: [DONE]\n\n` };
  });
}

function embeddingOf(asked: string): string {
  if (asked.includes('unreadable')) return '{}';
  const embedding = [asked.length, 1, -2, 3];
  const usage = { prompt_tokens: 10, total_tokens: 10 };
  return JSON.stringify({ object: 'list', model: 'v', data: [{ object: 'embedding', index: 0, embedding }], usage });
}

/** Kind answers are right; of plain ones two in three. */
function startGrader(): Promise<Server> {
  return listen((asked) => {
    const { answer, expected } = JSON.parse(asked) as { answer: { text: string }; expected: { at?: number } };
    const isRight = answer.text === 'kind' || (expected.at ?? asked.length) % 3 !== 0;
    return { type: 'application/json', body: JSON.stringify({ score: Number(isRight) }) };
  });
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let opened: TestDatabase;
let model: Server;
let grader: Server;
let booted: BootedProduct;
let owner: Client;
let openai: OpenAI;
let asked = 0;

beforeAll(async () => {
  [opened, model, grader] = await Promise.all([openTestDatabase(), startModel(), startGrader()]);
  const config = `
database: env:JOURNEY_DATABASE_URL
customers: [{ name: shop }]
hosts: { one: { protocol: openai-chat, baseUrl: "${urlOf(model)}/v1" } }
models:
  m: { endpoints: [{ host: one, model: m, price: { input: 1.00, output: 4.00 } }] }
  n: { endpoints: [{ host: one, model: n, price: { input: 2.00, output: 8.00 } }] }
  vectors: { endpoints: [{ host: one, model: v, price: { input: 100.00 } }] }
routing: { features: { model: vectors, timeoutMs: 5000 } }
jobs:
  choice: { models: [m, n] }
  reply: { models: [m], prompt: { name: tone, instructions: "${plain}" } }
`;
  booted = await bootProduct(config, { JOURNEY_DATABASE_URL: opened.url });
  owner = ownerClient(booted);
  openai = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  await databaseOpened(booted, 'shop');
}, 120_000);
afterAll(async () => {
  await booted?.close();
  model?.close();
  grader?.close();
  await opened?.close();
});

/** What one request of the job is answered, with the id of the request. */
async function ask(name = 'job/reply'): Promise<readonly [answer: string, requestId: string]> {
  const messages = [{ role: 'user' as const, content: `Question ${'x'.repeat(asked++ % 7)}` }];
  const { data, response } = await openai.chat.completions.create({ model: name, messages }).withResponse();
  return [data.choices[0]?.message.content ?? '', response.headers.get('x-switchyard-request-id') ?? ''];
}

async function readBy(content: string): Promise<unknown> {
  const messages = [{ role: 'user' as const, content }];
  const { response } = await openai.chat.completions.create({ model: 'job/choice', messages }).withResponse();
  const decision = await booted.control(`/api/v1/decisions/${response.headers.get('x-switchyard-request-id')}`);
  return (decision['routing'] as { featuresBy?: string }).featuresBy;
}

async function versionServed(requestId: string): Promise<unknown> {
  return (await booted.control(`/api/v1/decisions/${requestId}`))['prompt'];
}

async function start(line: string): Promise<Rollout> {
  const environment = { SWITCHYARD_OWNER_TOKEN: booted.product.ownerToken, SWITCHYARD_URL: booted.url };
  const terminal = createTestTerminal(environment);
  const code = await main(['rollouts', 'start', ...line.split(' '), '--json'], terminal);
  expect([code, terminal.stderr()]).toEqual([0, '']);
  return JSON.parse(terminal.stdout()) as Rollout;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}

describe('the prompt of a job', () => {
  it('reaches the model in every dialect and in streams, and only for the job', async () => {
    const [answer, requestId] = await ask();
    expect(answer).toBe('plain');
    expect(await versionServed(requestId)).toMatch(/^tone@[0-9a-f]{12}$/);
    const stream = await openai.chat.completions.create({
      model: 'job/reply',
      messages: [{ role: 'system', content: 'Be brief.' }],
      stream: true,
    });
    let streamed = '';
    for await (const { choices } of stream) streamed += choices[0]?.delta.content ?? '';
    expect(streamed).toBe('plain');
    const anthropic = new Anthropic({ baseURL: `${booted.url}/anthropic`, apiKey: 'unused', maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const message = await anthropic.messages.create({ model: 'job/reply', max_tokens: 9, messages });
    expect(message.content).toMatchObject([{ type: 'text', text: 'plain' }]);
    const response = await openai.responses.create({ model: 'job/reply', input: 'Hi', instructions: 'Be brief.' });
    expect([response.output_text, response.instructions]).toEqual(['plain', 'Be brief.']);
    const next = await openai.responses.create({
      model: 'job/reply',
      input: 'And?',
      previous_response_id: response.id,
    });
    expect(next.output_text).toBe('plain');
    const [direct, directId] = await ask('m');
    expect([direct, await versionServed(directId)]).toEqual(['none', null]);
  });

  it('is replaced by a better one by evidence, and comes back by a rollback', async () => {
    const items = Array.from({ length: 60 }, (_, at) => ({ prompt: 'y'.repeat(at + 1), expected: { http: { at } } }));
    const itemsFile = join(booted.directory, 'items.jsonl');
    writeFileSync(itemsFile, items.map((item) => JSON.stringify(item)).join('\n'));
    const promptFile = join(booted.directory, 'kinder.md');
    writeFileSync(promptFile, `${kind}\n`);
    const rules = `--grader ${urlOf(grader)} --shadow 3 --min-requests 3 --step-seconds 0`;
    const started = await start(`--job reply --prompt ${promptFile} --items ${itemsFile} --max-usd 1 ${rules}`);
    expect(started).toMatchObject({ kind: 'prompt', candidate: expect.stringMatching(/^kinder@[0-9a-f]{12}$/) });
    expect(started.incumbent).toMatch(/^tone@/);
    const now = async (): Promise<Rollout> => owner.rollouts.get(started.id);
    const sides = new Set<string>();
    await waitUntil(
      async () => {
        for (let request = 0; request < 5; request++) sides.add((await ask())[0]);
        return ['promoted', 'rolled_back', 'needs_more'].includes((await now()).stage);
      },
      'it ends',
      60_000,
    );
    const rollout = await now();
    expect([rollout.stage, rollout.text]).toEqual(['promoted', expect.stringContaining('offline: ')]);
    expect(rollout.text).toMatch(/offline: [1-9]\d* better, 0 worse/);
    expect((rollout.evidence['shadow'] as { copies: number }).copies).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(rollout)).not.toContain('handbook');
    expect(sides).toEqual(new Set(['plain', 'kind']));
    const [answer, requestId] = await ask();
    expect([answer, await versionServed(requestId)]).toEqual(['kind', started.candidate]);
    await owner.rollouts.rollback(started.id);
    await waitUntil(async () => (await ask())[0] === 'plain', 'the former one is back');
  }, 120_000);

  it('stands in no record of a request', async () => {
    const [, requestId] = await ask();
    expect(JSON.stringify(await booted.control(`/api/v1/requests/${requestId}`))).not.toContain('handbook');
    const journal = filesBelow(join(booted.directory, 'data', 'journal'));
    expect(journal.length).toBeGreaterThan(0);
    expect(journal.filter((file) => readFileSync(file).includes('handbook'))).toEqual([]);
  });
});

describe('prompts read by an embeddings model', () => {
  it('are decided on by their vector, which is paid for like any call, else by their words', async () => {
    expect(await readBy('What is the capital of France?')).toBe('embedding vectors');
    expect(await readBy('An unreadable one')).toBe('words (no vector in time)');
    const spent = async (): Promise<boolean> => {
      const day = 86_400_000;
      const now = Math.floor(systemClock.nowMs() / day) * day;
      const { data } = await owner.usage.query({ from: now - day, to: now + 2 * day, feature: 'routing' });
      return data.some(({ costNanos = '0' }) => BigInt(costNanos) > 0n);
    };
    await waitUntil(spent, 'the vector is booked');
  });
});
