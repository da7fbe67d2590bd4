import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { databaseOpened, ownerClient } from './support/owner-client.ts';
import { type SharedServer, startSharedServer } from './support/shared-server.ts';
import { waitUntil } from './support/wait-until.ts';

const messages = [{ role: 'user' as const, content: 'Say something.' }];
const environment = { SPENDER_KEY: 'sk-spender', PACED_KEY: 'sk-paced' };
const limitNanos = 200_000_000n;
const perMinute = 20;

describe('limits of two gateways on one database', () => {
  let server: SharedServer;
  let upstream: FakeUpstream;
  const replicas: BootedProduct[] = [];

  beforeAll(async () => {
    [server, upstream] = await Promise.all([startSharedServer(), startFakeUpstream()]);
    const config = `database: env:DATABASE_URL
hosts:
  fake: { protocol: openai-chat, baseUrl: "${upstream.baseUrl}" }
models:
  small: { endpoints: [{ host: fake, model: gpt-mock, price: { input: 100, output: 300 } }] }
  embed: { endpoints: [{ host: fake, model: embed-mock, price: { input: 900000 } }] }
keys:
  - { name: spender, secret: "env:SPENDER_KEY", customer: acme, budget: { limitUsd: "0.20", period: lifetime } }
  - { name: paced, secret: "env:PACED_KEY", customer: acme, limits: { requestsPerMinute: ${perMinute} } }
customers:
  - { name: acme }
`;
    for (let index = 0; index < 2; index += 1) {
      const booted = await bootProduct(config, { ...environment, DATABASE_URL: server.url });
      replicas.push(booted);
      await databaseOpened(booted, 'acme');
    }
    const [first] = replicas;
    if (!first) throw new Error('no gateway runs');
    const live = async () => (await ownerClient(first).operations.gateways()).data.length;
    await waitUntil(async () => (await live()) === 2, 'both gateways are there');
    // Each divides by the number it last heard of, which it keeps in its folder.
    for (const { directory } of replicas) {
      const heard = join(directory, 'data', 'live-gateways');
      const isTwo = (): boolean => existsSync(heard) && readFileSync(heard, 'utf8') === '2';
      await waitUntil(isTwo, 'both know of each other');
    }
  });
  afterAll(async () => {
    for (const booted of replicas) await booted.close();
    await Promise.all([upstream?.close(), server?.stop()]);
  });

  /** Every route that spends, at one gateway. */
  function routesOf({ url }: BootedProduct, apiKey: string): (() => Promise<unknown>)[] {
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    const anthropic = new Anthropic({ baseURL: `${url}/anthropic`, apiKey, maxRetries: 0 });
    const chat = { model: 'small', messages, max_tokens: 20 };
    return [
      () => openai.chat.completions.create(chat),
      () => anthropic.messages.create(chat),
      () => openai.responses.create({ model: 'small', input: 'Say something.', max_output_tokens: 20 }),
      () => openai.embeddings.create({ model: 'embed', input: 'one two three' }),
    ];
  }

  const statusOf = (call: () => Promise<unknown>): Promise<number> =>
    call().then(
      () => 200,
      (error: unknown) => (error instanceof APIError || error instanceof Anthropic.APIError ? (error.status ?? 0) : 0),
    );

  it('[scenario 64] are those of one: the spend stays within the budget over every route, the rate is not doubled', async () => {
    const startedMs = performance.now();
    const paced = replicas.flatMap((booted) => routesOf(booted, 'sk-paced').slice(0, 1));
    const statuses = await Promise.all(
      Array.from({ length: 3 * perMinute }, (_, index) => statusOf(paced[index % 2] ?? expect.unreachable())),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    // What flows back while the requests run belongs to the rate.
    const flownBack = Math.ceil(((performance.now() - startedMs) * perMinute) / 60_000);
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(perMinute + flownBack);

    const spend = replicas.flatMap((booted) => routesOf(booted, 'sk-spender'));
    await waitUntil(async () => (await statusOf(spend[0] ?? expect.unreachable())) === 200, 'the first lease');
    const refusals = await Promise.all(
      spend.map(async (call) => {
        for (;;) {
          const status = await statusOf(call);
          if (status !== 200 && status !== 503) return status;
        }
      }),
    );
    expect(new Set(refusals)).toEqual(new Set([402]));
    const control = ownerClient(replicas[0] ?? expect.unreachable());
    const spent = async (): Promise<bigint> => {
      const query = { from: '2020-01-01', to: '2100-01-01', groupBy: 'key', customer: 'acme' };
      const { data } = await control.usage.query(query);
      return BigInt(data.find(({ dimensions }) => dimensions.key === 'spender')?.chargeNanos ?? 0);
    };
    // What is booked comes from two journals: it stands still when both are at their ends.
    let booked = -1n;
    await expect
      .poll(
        async () => {
          const before = booked;
          booked = await spent();
          return booked > limitNanos / 2n && booked === before;
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBe(true);
    expect((await spent()) <= limitNanos).toBe(true);
  });
});
