import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../src/domain/facts/facts.ts';
import { openJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type BootedProduct, bootProduct, rebootProduct } from './support/boot-product.ts';

const environment = { KEY: 'sk-key' };
const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

/** A host whose batch has the rows and the end that the test gives it. */
class BatchHost {
  status = 'in_progress';
  created = 0;
  output: readonly object[] = [];
  errors: readonly object[] = [];
  #server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(this.#answer(`${request.method} ${request.url}`));
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

  #answer(call: string): string {
    const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    if (call.endsWith('/files/out/content')) return lines(this.output);
    if (call.endsWith('/files/err/content')) return lines(this.errors);
    if (call.endsWith('/files')) return JSON.stringify({ id: 'file-in', object: 'file', purpose: 'batch' });
    if (call === 'POST /v1/batches') this.created++;
    const hasEnded = this.status === 'completed';
    const results = hasEnded ? { output_file_id: 'out', error_file_id: this.errors.length > 0 ? 'err' : null } : {};
    return JSON.stringify({ id: 'batch_1', object: 'batch', status: this.status, ...results });
  }
}

let host: BatchHost;
let baseUrl: string;
let booted: BootedProduct;

function config(limitUsd: string): string {
  return `
hosts:
  later: { protocol: openai-chat, baseUrl: "${baseUrl}" }
models:
  small: { endpoints: [{ host: later, model: m, price: { input: 1000, output: 1000, batch: 0.5 } }] }
plans:
  reseller: { markupPercent: "20" }
customers:
  - { name: acme, plan: reseller }
keys:
  - { name: one, secret: "env:KEY", customer: acme, budget: { limitUsd: "${limitUsd}", period: lifetime } }
`;
}

function client(): OpenAI {
  return new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: 'sk-key', maxRetries: 0 });
}

async function createBatch(rows: number, maxTokens: number): Promise<unknown> {
  const row = { method: 'POST', url: '/v1/chat/completions' };
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: maxTokens };
  const text = Array.from({ length: rows }, (_, at) => `${JSON.stringify({ custom_id: `${at}`, ...row, body })}\n`);
  const file = await client().files.create({
    file: await toFile(Buffer.from(text.join('')), 'in.jsonl'),
    purpose: 'batch',
  });
  const asked = { input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
  return client()
    .batches.create(asked)
    .catch((error: unknown) => error);
}

function answered(at: number): object {
  const body = { id: `c${at}`, object: 'chat.completion', model: 'm-2026-01-01', choices: [], usage };
  return { custom_id: `${at}`, response: { status_code: 200, body }, error: null };
}

async function settledFacts(): Promise<Fact[]> {
  await booted.product.drain();
  const directory = `${booted.directory}/data/journal`;
  const journal = await openJournal({
    directory,
    gatewayId: 'gw1',
    durability: 'durable',
    clock: systemClock,
    log: () => undefined,
  });
  const facts: Fact[] = [];
  for await (const { fact } of journal.read()) facts.push(fact);
  await journal.close();
  return facts;
}

describe('the money of a batch', () => {
  beforeEach(async () => {
    host = new BatchHost();
    baseUrl = await host.start();
  });
  afterEach(() => host.close());

  it('[money 73] rates each row at the batch price, and a failed one at nothing, with its reason', async () => {
    booted = await bootProduct(config('1000'), environment);
    await createBatch(1000, 10);
    host.status = 'completed';
    host.output = Array.from({ length: 997 }, (_, at) => answered(at));
    host.errors = [997, 998, 999].map((at) => ({
      custom_id: `${at}`,
      response: { status_code: 400, body: { error: { message: 'no' } } },
      error: null,
    }));
    await Promise.all([client().batches.retrieve('batch_1'), client().batches.retrieve('batch_1')]);
    await client().batches.retrieve('batch_1');
    const facts = await settledFacts();
    const attempts = facts.filter((fact) => fact.type === 'attempt').filter(({ batch }) => batch === true);
    expect(attempts).toHaveLength(1000);
    const good = attempts.filter((fact) => fact.fault === undefined);
    expect(good).toHaveLength(997);
    for (const fact of good) expect(fact).toMatchObject({ costNanos: '55000000', batch: true });
    for (const fact of attempts.slice(997)) {
      expect(fact).toMatchObject({ costNanos: '0', fault: 'upstream_rejected', upstreamStatus: 400 });
    }
    const costNanos = 55_000_000n * 997n;
    const finals = facts.filter((fact) => fact.type === 'final' && fact.attempts === 1000);
    expect(finals).toHaveLength(1);
    expect(finals[0]).toMatchObject({
      model: 'small',
      key: 'one',
      customer: 'acme',
      costNanos: costNanos.toString(),
      chargeNanos: ((costNanos * 120n) / 100n).toString(),
      usage: { input: 99_700, output: 9970 },
    });
  });

  it('[money 51] is held before it starts, over restarts, and counts towards the same budget', async () => {
    // 100 answers of 100 tokens are 5 USD at half price, 6 USD with the margin, without their input.
    booted = await bootProduct(config('15'), environment);
    const refused = await createBatch(1000, 100);
    expect(refused).toMatchObject({ status: 402 });
    expect(host.created).toBe(0);
    expect(await createBatch(100, 100)).toMatchObject({ id: 'batch_1' });
    const chat = (maxTokens: number): Promise<unknown> =>
      client()
        .chat.completions.create({ model: 'small', messages: [{ role: 'user', content: 'x' }], max_tokens: maxTokens })
        .catch((error: unknown) => error);
    expect(await chat(8000)).toMatchObject({ status: 402 });
    booted = await rebootProduct(booted, environment);
    expect(await chat(8000)).toMatchObject({ status: 402 });
    host.status = 'completed';
    host.output = Array.from({ length: 100 }, (_, at) => answered(at));
    await client().batches.retrieve('batch_1');
    // What was held beyond the 6.60 USD of the charge is free again, and no more than that.
    expect(await chat(7500)).toMatchObject({ status: 402 });
    expect(await chat(6000)).not.toMatchObject({ status: 402 });
    await booted.product.drain();
  });
});
