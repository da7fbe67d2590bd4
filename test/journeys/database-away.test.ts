import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/sdk/index.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { databaseOpened, ownerClient } from './support/owner-client.ts';
import { type SharedServer, startSharedServer } from './support/shared-server.ts';
import { waitUntil } from './support/wait-until.ts';

const messages = [{ role: 'user' as const, content: 'Is anybody there?' }];
const loadMs = 2_500;
const workers = 4;

/** The database is somebody else's, and for a while nobody answers there. Linux only: it looks for processes. */
describe.runIf(process.platform === 'linux')('a database that does not answer', () => {
  let server: SharedServer;
  let upstream: FakeUpstream;
  let booted: BootedProduct;
  let control: Client;
  const requestIds: string[] = [];

  beforeAll(async () => {
    [server, upstream] = await Promise.all([startSharedServer(), startFakeUpstream()]);
    booted = await bootProduct(
      `database: env:DATABASE_URL
hosts:
  fake: { protocol: openai-chat, baseUrl: "${upstream.baseUrl}" }
  first: { protocol: openai-chat, baseUrl: "${upstream.baseUrl}" }
  second: { protocol: openai-chat, baseUrl: "${upstream.baseUrl}" }
  third: { protocol: openai-chat, baseUrl: "${upstream.baseUrl}" }
models:
  small: { endpoints: [{ host: fake, model: gpt-mock, price: { input: 100, output: 300 } }] }
  relay:
    endpoints:
      - { host: first, model: "m?fail=500", price: { input: 70, output: 90 } }
      - { host: second, model: "m?fail=503", price: { input: 80, output: 90 } }
      - { host: third, model: m, price: { input: 100, output: 300 } }
plans:
  reseller: { markupPercent: 20 }
customers:
  - { name: acme, plan: reseller }
keys:
  - { name: free, secret: "env:FREE_KEY", customer: acme }
  - { name: tight, secret: "env:TIGHT_KEY", customer: acme, budget: { limitUsd: "5.00", period: lifetime } }
`,
      { DATABASE_URL: server.url, FREE_KEY: 'sk-free', TIGHT_KEY: 'sk-tight' },
    );
    control = ownerClient(booted);
    await databaseOpened(booted, 'acme');
  });
  afterAll(async () => {
    server?.goOn();
    await booted?.close();
    await Promise.all([upstream?.close(), server?.stop()]);
  });

  /** 200, or the error of the answer. */
  async function ask(apiKey: string, model = 'small'): Promise<APIError | 200> {
    const client = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey, maxRetries: 0 });
    try {
      const call = client.chat.completions.create({ model, messages, max_tokens: 20 });
      requestIds.push((await call.asResponse()).headers.get('x-switchyard-request-id') ?? '');
      return 200;
    } catch (error) {
      if (error instanceof APIError) return error;
      throw error;
    }
  }

  it('[scenario 61] before: a failover over three endpoints is three attempts, and the plan charges what was delivered', async () => {
    expect(await ask('sk-free', 'relay')).toBe(200);
    const record = await control.requests.get(requestIds.at(-1) ?? '');
    expect(record.attempts.map(({ host, fault }) => [host, fault !== undefined])).toEqual([
      ['first', true],
      ['second', true],
      ['third', false],
    ]);
    const delivered = BigInt(record.attempts[2]?.costNanos ?? 0);
    expect(delivered).toBeGreaterThan(0n);
    expect(BigInt(record.chargeNanos ?? 0)).toBe((delivered * 12n) / 10n);
  });

  it('[scenario 66] stops nobody without a hard limit, refuses others when their lease is used up, and loses nothing', async () => {
    // The first lease comes with the first heartbeat.
    await waitUntil(async () => (await ask('sk-tight')) === 200, 'the limited key is served');
    server.hang();
    const endMs = performance.now() + loadMs;
    const failures: (APIError | 200)[] = [];
    const load = Array.from({ length: workers }, async () => {
      while (performance.now() < endMs) {
        const answer = await ask('sk-free');
        if (answer !== 200) failures.push(answer);
      }
    });
    let refused: APIError | 200 = 200;
    while (refused === 200) refused = await ask('sk-tight');
    await Promise.all(load);
    expect(failures).toEqual([]);
    expect(refused.status).toBe(503);
    expect(refused.headers?.get('x-switchyard-fault')).toBe('budget_unavailable');
    expect(Number(refused.headers?.get('retry-after'))).toBeGreaterThan(0);

    server.goOn();
    const used = async () =>
      (await control.usage.query({ from: '2020-01-01', to: '2100-01-01', groupBy: 'customer', customer: 'acme' }))
        .data[0];
    await waitUntil(async () => (await ask('sk-tight')) === 200, 'the limited key is served again');
    await expect.poll(async () => (await used())?.requests, { timeout: 60_000, interval: 250 }).toBe(requestIds.length);
    let chargeNanos = 0n;
    for (const id of requestIds) chargeNanos += BigInt((await control.requests.get(id)).chargeNanos ?? 0);
    expect(await used()).toMatchObject({ requests: requestIds.length, chargeNanos: String(chargeNanos) });
    expect(await control.ledger.check()).toMatchObject({ ok: true, problems: [] });
  }, 180_000);
});
