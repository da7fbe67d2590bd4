import { SignJWT } from 'jose';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { createTokenSigner, openSealer, revokeToken, revokeTokenSigner } from '../../src/tenants/index.ts';
import type { ExchangeRecord } from '../../src/gateway/index.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct, rebootProduct } from './support/boot-product.ts';
import { waitUntil } from './support/wait-until.ts';

const page = 'https://app.example';
const owner = { name: 'owner', role: 'owner' } as const;
const messages = [{ role: 'user' as const, content: 'Say something.' }];

let opened: TestDatabase;
let upstream: FakeUpstream;
let booted: BootedProduct;
let signer: { readonly id: string; readonly secret: Uint8Array };
let serial = 0;

const config = (): string => `
database: env:JOURNEY_DATABASE_URL
hosts:
  fake: { protocol: openai-chat, baseUrl: "${upstream.url}/v1", apiKey: "env:UPSTREAM_KEY" }
models:
  small: { endpoints: [{ host: fake, model: gpt-mock, price: { input: 1000, output: 1000 } }] }
  large: { endpoints: [{ host: fake, model: gpt-mock, price: { input: 1000, output: 1000 } }] }
jobs:
  chat: { description: Talk., models: [small] }
  summary: { description: Sum up., models: [small] }
keys:
  - { name: backend, secret: "env:BACKEND_KEY", customer: acme }
`;
const environment = (): { [name: string]: string } => ({
  JOURNEY_DATABASE_URL: opened.url,
  UPSTREAM_KEY: 'sk-upstream',
  BACKEND_KEY: 'sk-backend-secret',
});
const store = () => ({
  database: opened.database,
  clock: systemClock,
  newId: (prefix: string) => `${prefix}_${serial++}`,
  sealer: openSealer(`${booted.directory}/data`),
});

beforeAll(async () => {
  opened = await openTestDatabase();
  upstream = await startFakeUpstream();
  booted = await bootProduct(config(), environment());
  await databaseIsOpen();
  const minted = await createTokenSigner(store(), owner, { key: 'backend' });
  signer = { id: minted.signer.id, secret: Buffer.from(minted.secret ?? '', 'base64url') };
  await waitUntil(async () => (await preflight(page)).status === 204, 'the signer is known');
}, 120_000);
afterAll(async () => {
  await booted?.close();
  await upstream?.close();
  await opened?.close();
});

async function databaseIsOpen(): Promise<void> {
  const knowsKey = async (): Promise<boolean> =>
    JSON.stringify(await booted.control('/api/v1/keys')).includes('"backend"');
  await waitUntil(knowsKey, 'the database knows the key');
}

function preflight(origin: string): Promise<Response> {
  return fetch(`${booted.url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-stainless-lang',
    },
  });
}

interface Claims {
  readonly [name: string]: unknown;
  readonly jti?: string;
  readonly expiresInS?: number;
}

/** What the backend of a customer does. */
async function mint({ jti = `t${serial++}`, expiresInS = 600, ...claims }: Claims = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid: signer.id })
    .setSubject('ann')
    .setJti(jti)
    .setExpirationTime(Math.floor(systemClock.nowMs() / 1000) + expiresInS)
    .sign(signer.secret);
}

/** What the page of a customer does. */
function clientOf(apiKey: string, origin = page): OpenAI {
  const defaultHeaders = { origin };
  return new OpenAI({
    baseURL: `${booted.url}/v1`,
    apiKey,
    maxRetries: 0,
    defaultHeaders,
    dangerouslyAllowBrowser: true,
  });
}

async function refusal(asking: Promise<unknown>): Promise<APIError> {
  try {
    await asking;
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const ask = (token: string, model = 'job/chat', origin = page) =>
  clientOf(token, origin).chat.completions.create({ model, messages, max_tokens: 20, user: 'somebody-else' });

describe('a token that a backend mints for a page', () => {
  it('speaks for its end user, and its page may read the answer', async () => {
    const token = await mint({ job: 'chat', origin: page });
    const { response } = await ask(token).withResponse();
    expect(response.headers.get('access-control-allow-origin')).toBe(page);
    const requestId = response.headers.get('x-switchyard-request-id') ?? '';
    const { final } = (await booted.control(`/api/v1/requests/${requestId}`)) as unknown as ExchangeRecord;
    expect(final).toMatchObject({ customer: 'acme', key: 'backend', endUser: 'ann', job: 'chat' });
    const stream = await clientOf(token).chat.completions.create({ model: 'auto', messages, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).not.toBe('');
  });

  it('is of no use to another page, which is told nothing', async () => {
    const token = await mint({ job: 'chat', origin: page });
    const refused = await refusal(ask(token, 'job/chat', 'https://evil.example'));
    expect(refused.status).toBe(403);
    expect(refused.headers?.get('access-control-allow-origin')).toBeNull();
    const ordinary = await fetch(`${booted.url}/v1/models`, {
      headers: { authorization: 'Bearer sk-backend-secret', origin: page },
    });
    expect([ordinary.status, ordinary.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });

  it('asks for no other job, no model by name, and nothing that is kept for its customer', async () => {
    const token = await mint({ job: 'chat', origin: page });
    expect((await refusal(ask(token, 'job/summary'))).status).toBe(403);
    expect((await refusal(ask(token, 'small'))).status).toBe(403);
    expect((await refusal(clientOf(token).files.list())).status).toBe(403);
  });

  it('asks for the models it names and no other', async () => {
    const token = await mint({ models: ['small'], origin: page });
    expect((await ask(token, 'small')).choices).toHaveLength(1);
    expect((await refusal(ask(token, 'large'))).status).toBe(403);
    const listed = await clientOf(token).models.list();
    expect(listed.data.map(({ id }) => id)).toEqual(['small']);
  });

  it('is refused once it is over, in words that its page can read', async () => {
    const refused = await refusal(ask(await mint({ job: 'chat', origin: page, expiresInS: -60 })));
    expect([refused.status, refused.code]).toEqual([401, 'invalid_api_key']);
    expect(refused.message).toContain('expired');
    expect(refused.headers?.get('access-control-allow-origin')).toBe(page);
  });

  it('is refused within a second of being revoked', async () => {
    let beyondMs = Number.POSITIVE_INFINITY;
    // Another program on the machine may hold us up once, but not three times in a row.
    for (let round = 0; round < 3 && beyondMs >= 0; round++) {
      const id = `lost-${round}`;
      const token = await mint({ job: 'chat', origin: page, jti: id });
      const slownessMs = await timeOf(() => ask(token));
      await revokeToken(store(), owner, { signer: signer.id, id, expiresAtMs: systemClock.nowMs() + 600_000 });
      const refusedMs = await timeOf(() =>
        waitUntil(async () => (await statusOf(token)) === 401, 'the token is refused'),
      );
      // A machine that is busy with other tests is slow to hear and slow to ask.
      beyondMs = refusedMs - 1000 - 10 * slownessMs;
    }
    expect(beyondMs).toBeLessThan(0);
    expect(await statusOf(await mint({ job: 'chat', origin: page }))).toBe(200);
  });

  it('spends no more than its budget, over a restart as well', async () => {
    const bounded = { job: 'chat', origin: page, jti: 'pocket', budgetUsd: '0.10' };
    const token = await mint(bounded);
    let spent = 0;
    // While the database is asked for a share of the budget the answer is 503.
    await waitUntil(async () => {
      const status = await statusOf(token);
      if (status === 200) expect(++spent).toBeLessThan(100);
      return status === 402;
    }, 'the budget is used up');
    expect(spent).toBeGreaterThan(0);
    await expect.poll(async () => (await refusal(ask(token))).code).toBe('budget_exceeded');
    booted = await rebootProduct(booted, environment());
    await databaseIsOpen();
    expect(await statusOf(await mint({ job: 'chat', origin: page }))).toBe(200);
    await expect.poll(async () => (await refusal(ask(await mint(bounded)))).code).toBe('budget_exceeded');
    const { rows } = await spentByTokens();
    expect(rows.every(({ spent_nanos: nanos }) => nanos <= 100_000_000n)).toBe(true);
  });

  it('ends with its signer', async () => {
    const token = await mint({ job: 'chat', origin: page });
    expect(await statusOf(token)).toBe(200);
    await revokeTokenSigner(store(), owner, signer.id);
    await waitUntil(async () => (await statusOf(token)) === 401, 'the tokens of the signer are refused');
    expect((await preflight(page)).headers.get('access-control-allow-origin')).toBeNull();
  });
});

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function statusOf(token: string): Promise<number> {
  return ask(token).then(
    () => 200,
    (error: unknown) => (error instanceof APIError ? (error.status ?? 0) : 0),
  );
}

async function spentByTokens(): Promise<{ rows: readonly { readonly spent_nanos: bigint }[] }> {
  const rows = await opened.database.db
    .selectFrom('spending_counter')
    .select('spent_nanos')
    .where('budget_id', 'like', 'token:%')
    .execute();
  return { rows };
}
