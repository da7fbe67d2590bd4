import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fact } from '../../src/domain/facts/facts.ts';
import { openJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';

const secrets = { ONE: 'sk-one', TWO: 'sk-two' };
const row = { custom_id: '1', method: 'POST', url: '/v1/responses', body: { model: 'm' } };

/** A host whose batches end when told to, and whose background responses run until asked again. */
class ScriptedHost {
  readonly seen: string[] = [];
  readonly bodies: Record<string, unknown>[] = [];
  batchStatus = 'in_progress';
  responseStatus = 'queued';
  #server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.seen.push(`${request.method} ${request.url}`);
        const text = Buffer.concat(chunks).toString();
        if (text.startsWith('{')) this.bodies.push(JSON.parse(text) as Record<string, unknown>);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(this.#answer(request.url ?? '')));
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server?.closeAllConnections();
      this.#server?.close(() => resolve());
    });
  }

  #answer(url: string): object {
    if (url.includes('/files')) return { id: `file-${this.seen.length}`, object: 'file', purpose: 'batch' };
    if (url.includes('/responses')) {
      const status = url.endsWith('/cancel') ? 'cancelled' : this.responseStatus;
      const content = [{ type: 'output_text', text: 'done', annotations: [] }];
      const output = status === 'completed' ? [{ type: 'message', id: 'msg_1', role: 'assistant', content }] : [];
      return {
        id: 'resp_1',
        object: 'response',
        created_at: 1,
        model: 'm',
        status,
        background: true,
        store: true,
        output,
      };
    }
    const hasEnded = this.batchStatus === 'completed';
    const usage = {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 40 },
      output_tokens: 7,
      total_tokens: 107,
    };
    const results = hasEnded ? { output_file_id: 'file-out', error_file_id: null, usage } : {};
    return { id: 'batch_1', object: 'batch', status: this.batchStatus, ...results };
  }
}

describe('work that a host does later', () => {
  let host: ScriptedHost;
  let booted: BootedProduct;
  let one: OpenAI;
  let two: OpenAI;

  beforeAll(async () => {
    host = new ScriptedHost();
    const baseUrl = await host.start();
    booted = await bootProduct(
      `
hosts:
  later: { protocol: openai-responses, baseUrl: "${baseUrl}" }
  other: { protocol: openai-chat, baseUrl: "${baseUrl}" }
keys:
  - { name: one, secret: "env:ONE" }
  - { name: two, secret: "env:TWO" }
`,
      secrets,
    );
    const open = (apiKey: string): OpenAI => new OpenAI({ baseURL: `${booted.url}/v1`, apiKey, maxRetries: 0 });
    one = open(secrets.ONE);
    two = open(secrets.TWO);
  });
  afterAll(async () => {
    await host.close();
    rmSync(booted.directory, { recursive: true, force: true });
  });

  const upload = (client: OpenAI, content: object, headers = {}): Promise<{ id: string }> =>
    toFile(Buffer.from(`${JSON.stringify(content)}\n`), 'in.jsonl').then((file) =>
      client.files.create({ file, purpose: 'batch' }, { headers }),
    );

  it('follows a background response to its end, or stops it, where it runs', async () => {
    const begun = await one.responses.create({ model: 'later/m', input: 'x', background: true });
    expect(begun.status).toBe('queued');
    expect(host.seen).toEqual(['POST /v1/responses']);
    expect((await one.responses.retrieve('resp_1')).status).toBe('queued');
    await expect(two.responses.retrieve('resp_1')).rejects.toMatchObject({ status: 404 });
    await expect(two.responses.cancel('resp_1')).rejects.toMatchObject({ status: 404 });
    expect(host.seen).toEqual(['POST /v1/responses', 'GET /v1/responses/resp_1']);
    host.responseStatus = 'completed';
    expect((await one.responses.retrieve('resp_1')).output_text).toBe('done');
    // It has ended: what was seen of it is enough.
    expect((await one.responses.retrieve('resp_1')).output_text).toBe('done');
    expect((await one.responses.cancel('resp_1')).status).toBe('completed');
    expect(host.seen).toHaveLength(3);
    host.responseStatus = 'queued';
    await one.responses.create({ model: 'later/m', input: 'x', background: true });
    expect((await one.responses.cancel('resp_1')).status).toBe('cancelled');
    expect(host.seen.at(-1)).toBe('POST /v1/responses/resp_1/cancel');
  });

  it('hands files only to the host that has them, and no files of other keys', async () => {
    const { id } = await upload(one, row, { 'x-switchyard-host': 'later' });
    const asking = (model: string): { model: string; input: OpenAI.Responses.ResponseInput } => ({
      model,
      input: [{ role: 'user', content: [{ type: 'input_file', file_id: id }] }],
    });
    const seen = host.seen.length;
    await expect(two.responses.create(asking('later/m'))).rejects.toMatchObject({ status: 404 });
    await expect(one.responses.create(asking('other/m'))).rejects.toThrow(/400.*kept by the host "later"/);
    const foreign = await upload(two, { ...row, body: { model: 'm', file_id: id } }, { 'x-switchyard-host': 'later' });
    const batch = { endpoint: '/v1/responses', completion_window: '24h' } as const;
    await expect(two.batches.create({ ...batch, input_file_id: foreign.id })).rejects.toMatchObject({ status: 404 });
    expect(host.seen).toHaveLength(seen + 1);
    await one.responses.create({ ...asking('later/m'), background: true });
    expect(JSON.stringify(host.bodies.at(-1))).toContain(id);
  });

  it('gives the results of a batch to its key, and records once what it used', async () => {
    const { id } = await upload(one, row, { 'x-switchyard-host': 'later' });
    await one.batches.create({ input_file_id: id, endpoint: '/v1/responses', completion_window: '24h' });
    expect((await one.batches.retrieve('batch_1')).status).toBe('in_progress');
    host.batchStatus = 'completed';
    const [listed] = (await one.batches.list()).data;
    expect(listed).toMatchObject({ status: 'completed', output_file_id: 'file-out' });
    await one.batches.retrieve('batch_1');
    await one.files.content('file-out');
    expect(host.seen.at(-1)).toBe('GET /v1/files/file-out/content');
    await expect(two.files.content('file-out')).rejects.toMatchObject({ status: 404 });

    await booted.product.drain();
    const facts: Fact[] = [];
    const journal = await openJournal({
      directory: `${booted.directory}/data/journal`,
      gatewayId: 'gw1',
      durability: 'durable',
      clock: systemClock,
      log: () => undefined,
    });
    for await (const { fact } of journal.read()) facts.push(fact);
    await journal.close();
    const batches = new Set(
      facts.flatMap((fact) => (fact.type === 'open' && fact.operation === 'batches' ? [fact.requestId] : [])),
    );
    const finals = facts.filter((fact) => fact.type === 'final' && batches.has(fact.requestId));
    // The refused batch of the other key never came to an upstream; the rest are its start and its end.
    expect(finals).toHaveLength(2);
    expect(finals[0]).toMatchObject({ key: 'one', model: 'm', host: 'later', status: 'completed', costNanos: '0' });
    expect(finals[1]).toMatchObject({ key: 'one', costNanos: null, usage: { input: 60, cacheRead: 40, output: 7 } });
  });
});
