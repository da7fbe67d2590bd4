import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { waitUntil } from './support/wait-until.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function boot(config: string): Promise<{ booted: BootedProduct; client: OpenAI }> {
  const booted = await bootProduct(config);
  closers.push(() => booted.close());
  return { booted, client: new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: 'none needed', maxRetries: 0 }) };
}

async function idsOf(client: OpenAI): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of client.models.list()) ids.push(id);
  return ids;
}

/** Stands for a local server without taking its default port. */
const ollamaAt = (baseUrl: string, more = ''): string => `hosts: { ollama: { baseUrl: "${baseUrl}" } }\n${more}`;
const models = ['llama3:8b', 'nomic/embed-text'];

/** Looks again and again: on a busy machine a server may answer later than a round of discovery waits. */
async function idsAfterLooking({ product }: BootedProduct, client: OpenAI): Promise<string[]> {
  product.reload();
  return idsOf(client);
}

/** Something else that happens to listen where a model server might. */
async function startStranger(body: string, headers: Record<string, string> = {}, status = 200): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

describe('a model server on this machine', () => {
  it('is found at start: its models are listed and answer', async () => {
    const local = await startFakeUpstream({ models });
    closers.push(() => local.close());
    const { booted, client } = await boot(ollamaAt(local.baseUrl));
    await expect
      .poll(() => idsAfterLooking(booted, client))
      .toEqual(expect.arrayContaining(['ollama/llama3:8b', 'ollama/nomic/embed-text']));
    const { data, response } = await client.chat.completions
      .create({ model: 'ollama/llama3:8b', messages: [{ role: 'user', content: 'reply:from this machine' }] })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('from this machine');
    expect(response.headers.get('x-switchyard-host')).toBe('ollama');
    expect(response.headers.get('x-switchyard-simulated')).toBeNull();
    expect(local.lastBody()).toMatchObject({ model: 'llama3:8b' });
    expect((await client.models.retrieve('ollama/llama3:8b')).id).toBe('ollama/llama3:8b');
  });

  it('is found when it starts later, and its models disappear when it stops', async () => {
    const first = await startFakeUpstream({ models });
    const { port } = first;
    await first.close();
    const { booted, client } = await boot(ollamaAt(`http://127.0.0.1:${port}/v1`));
    expect(await idsOf(client)).not.toContain('ollama/llama3:8b');

    // A connection of somebody else may have the port for a moment.
    let again: FakeUpstream | undefined;
    const start = async (): Promise<boolean> => {
      again = await startFakeUpstream({ models: ['llama3:8b'], port }).catch(() => undefined);
      return again !== undefined;
    };
    await waitUntil(start, 'the port is free');
    closers.push(async () => again?.close().catch(() => undefined));
    // What the round every 30 seconds does, and a reload as well.
    await expect.poll(() => idsAfterLooking(booted, client)).toContain('ollama/llama3:8b');

    await again?.close();
    await expect.poll(() => idsAfterLooking(booted, client)).not.toContain('ollama/llama3:8b');
  });

  it('is not looked for when discovery is off', async () => {
    const local = await startFakeUpstream({ models });
    closers.push(() => local.close());
    const { client } = await boot(ollamaAt(local.baseUrl, 'discovery: { local: false }'));
    expect(await idsOf(client)).not.toContain('ollama/llama3:8b');
    expect(local.stats().requests).toBe(0);
  });

  it('may be named by jobs, aliases and endpoints before it runs', async () => {
    const { client } = await boot(`
aliases: { quick: ollama/llama3:8b }
jobs: { tidy: { models: [ollama/llama3:8b, sim/small] } }
models: { own: { endpoints: [{ host: vllm, model: big }] } }
`);
    expect(await idsOf(client)).toEqual(expect.arrayContaining(['quick', 'job/tidy', 'own']));
  });

  it.each([
    ['another service that speaks JSON', '{"status":"ok"}', {}],
    ['a list of something else', '{"object":"list","data":[{"id":"inv_1","object":"invoice"}]}', {}],
    ['a page', '<html></html>', { 'content-type': 'text/html' }],
    ['a list of names with control characters', '{"object":"list","data":[{"id":"a\\u0007b"}]}', {}],
    ['another gateway of ours', '{"object":"list","data":[{"id":"m"}]}', { 'x-switchyard-request-id': 'req_1' }],
  ])('is not %s on the same port', async (_what, body, headers) => {
    const { client } = await boot(ollamaAt(await startStranger(body, headers)));
    expect((await idsOf(client)).filter((id) => id.startsWith('ollama/'))).toEqual([]);
  });

  it('does not hold up the start when it never answers', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      silent.closeAllConnections();
      return new Promise((resolve) => silent.close(() => resolve()));
    });
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`;
    const { booted } = await boot(ollamaAt(url));
    expect((await fetch(`${booted.url}/health/ready`)).status).toBe(200);
  });
});
