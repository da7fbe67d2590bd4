import OpenAI, { APIError } from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import type { FinalFact } from '../../src/domain/facts/facts.ts';
import type { ExchangeRecord } from '../../src/gateway/index.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct, rebootProduct } from './support/boot-product.ts';

const environment = { UPSTREAM_KEY: 'sk-upstream', ACME_KEY: 'sk-acme' };

let upstream: FakeUpstream;
let booted: BootedProduct;

interface Setting {
  readonly limitUsd: string;
  /** Empty for an unknown price. */
  readonly price?: string;
  readonly script?: string;
}

function config({ limitUsd, price = '{ input: 1000, output: 1000 }', script = '' }: Setting): string {
  return `
hosts:
  fake: { protocol: openai-chat, baseUrl: "${upstream.url}/v1", apiKey: "env:UPSTREAM_KEY" }
models:
  small: { endpoints: [{ host: fake, model: "gpt-mock${script}"${price === '' ? '' : `, price: ${price}`} }] }
plans:
  reseller: { markupPercent: "20" }
customers:
  - { name: acme, plan: reseller }
keys:
  - { name: acme-key, secret: "env:ACME_KEY", customer: acme, budget: { limitUsd: "${limitUsd}", period: lifetime } }
`;
}

async function boot(setting: Setting): Promise<OpenAI> {
  upstream = await startFakeUpstream();
  booted = await bootProduct(config(setting), environment);
  return clientOf();
}

function clientOf(): OpenAI {
  return new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: 'sk-acme', maxRetries: 0 });
}

const messages = [{ role: 'user' as const, content: 'Say something.' }];

async function recordOf(requestId: string): Promise<ExchangeRecord> {
  return (await booted.control(`/api/v1/requests/${requestId}`)) as unknown as ExchangeRecord;
}

describe('a hard budget', () => {
  afterEach(async () => {
    await booted.close();
    await upstream.close();
  });

  it('is charged by the plan of the customer, to the nano', async () => {
    const client = await boot({ limitUsd: '5.00' });
    const { response } = await client.chat.completions
      .create({ model: 'small', messages, max_tokens: 50, user: 'u-1' })
      .withResponse();
    const record = await recordOf(response.headers.get('x-switchyard-request-id') ?? '');
    const costNanos = BigInt(record.costNanos ?? '-1');
    expect(costNanos).toBeGreaterThan(0n);
    expect(record.chargeNanos).toBe(String((costNanos * 120n) / 100n));
    expect(record.final).toMatchObject({ customer: 'acme', endUser: 'u-1' });
    expect((record.final as FinalFact).planVersionId).toMatch(/^reseller@/);
  });

  it('refuses with 402 before the upstream is asked, names the limit, and is not worth a retry', async () => {
    const client = await boot({ limitUsd: '0.01' });
    const before = upstream.stats().requests;
    const refused = await client.chat.completions
      .create({ model: 'small', messages, max_tokens: 4096 })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(APIError);
    const { status, headers, message } = refused as APIError;
    expect(status).toBe(402);
    expect(headers?.get('x-should-retry')).toBe('false');
    expect(headers?.get('x-switchyard-fault')).toBe('budget_exceeded');
    expect(message).toContain('acme-key');
    expect(upstream.stats().requests).toBe(before);
  });

  it('ends a stream of open length in band at what the budget has left, and never spends more', async () => {
    const client = await boot({ limitUsd: '3.00', script: '?length=20000' });
    const stream = await client.chat.completions.create({ model: 'small', messages, stream: true });
    let text = '';
    const reading = (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    })();
    await expect(reading).rejects.toThrow(/budget/);
    expect(text.length).toBeGreaterThan(1000);
    const spent = await spentNanos();
    expect(spent).toBeLessThanOrEqual(3_000_000_000n);
    expect(spent).toBeGreaterThan(2_700_000_000n);
  });

  it('limits a whole answer to what the budget has left, and says so in the record', async () => {
    const client = await boot({ limitUsd: '2.00' });
    const { response } = await client.chat.completions.create({ model: 'small', messages }).withResponse();
    const record = await recordOf(response.headers.get('x-switchyard-request-id') ?? '');
    expect((record.final as FinalFact).added).toContain('/max_completion_tokens');
    const { max_completion_tokens: limit } = upstream.lastBody();
    expect(limit).toBeGreaterThanOrEqual(256);
    expect(limit).toBeLessThan(2000);
  });

  it('still counts after a restart what was spent before it', async () => {
    const client = await boot({ limitUsd: '0.40' });
    await client.chat.completions.create({ model: 'small', messages, max_tokens: 260 });
    const before = await spentNanos();
    expect(before).toBeGreaterThan(0n);
    booted = await rebootProduct(booted, environment);
    let status = 200;
    for (let calls = 0; status === 200 && calls < 100; calls++) {
      const call = clientOf().chat.completions.create({ model: 'small', messages, max_tokens: 260 });
      status = await call.then(() => 200).catch((error: unknown) => (error as APIError).status ?? 0);
    }
    expect(status).toBe(402);
    expect(before + (await spentNanos())).toBeLessThanOrEqual(400_000_000n);
  });

  it('[scenario 60] blocks a model whose price is unknown, before it is asked', async () => {
    const client = await boot({ limitUsd: '5.00', price: '' });
    const refused = (await client.chat.completions
      .create({ model: 'small', messages, max_tokens: 10 })
      .catch((error: unknown) => error)) as APIError;
    expect(refused.status).toBe(400);
    expect(refused.message).toMatch(/price/);
    expect(upstream.stats().requests).toBe(0);
  });
});

/** Sum of all charges so far, from the records. */
async function spentNanos(): Promise<bigint> {
  const live = (await booted.control('/api/v1/live')) as unknown as {
    requests: { recent: readonly { chargeNanos?: string | null }[] };
  };
  return live.requests.recent.reduce((sum, { chargeNanos }) => sum + BigInt(chargeNanos ?? '0'), 0n);
}
