import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import type { OutcomeFact } from '../../src/domain/facts/facts.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Client } from '../../src/sdk/index.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { databaseOpened, ownerClient } from './support/owner-client.ts';
import { waitUntil } from './support/wait-until.ts';

const config = `
database: env:JOURNEY_DATABASE_URL
jobs:
  parrot: { description: Says what was said., models: [sim/small, sim/echo], success: "score >= 0.5", samples: { keep: 20, compare: exact } }
keys:
  - { name: shop-key, secret: "env:SHOP_KEY", customer: shop }
  - { name: other-key, secret: "env:OTHER_KEY", customer: other }
customers: [{ name: shop }, { name: other }]
`;
const page = 'https://shop.example';
const [shopKey, otherKey] = ['sk-shop-0123456789', 'sk-other-0123456789'];

let opened: TestDatabase;
let booted: BootedProduct;
let owner: Client;
beforeAll(async () => {
  opened = await openTestDatabase();
  const environment = { JOURNEY_DATABASE_URL: opened.url, SHOP_KEY: shopKey, OTHER_KEY: otherKey };
  booted = await bootProduct(config, environment);
  owner = ownerClient(booted);
  await databaseOpened(booted, 'shop');
}, 120_000);
afterAll(async () => {
  await booted?.close();
  await opened?.close();
});

async function ask(headers: { readonly [name: string]: string } = {}, more: object = {}): Promise<string> {
  const client = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: shopKey, maxRetries: 0 });
  const call = client.chat.completions.create(
    { model: 'job/parrot', messages: [{ role: 'user', content: 'Say yes.' }], user: 'ann', ...more },
    { headers },
  );
  return (await call.withResponse()).response.headers.get('x-switchyard-request-id') ?? '';
}

async function outcomesOf(requestId: string): Promise<readonly OutcomeFact[]> {
  return (await booted.control(`/api/v1/requests/${requestId}`))['outcomes'] as readonly OutcomeFact[];
}

async function tell(
  token: string,
  body: string | object,
  sent: { path?: string; type?: string; origin?: string } = {},
) {
  const answer = await fetch(`${booted.url}/api/v1/outcomes${sent.path ?? ''}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': sent.type ?? 'application/json',
      ...(sent.origin !== undefined && { origin: sent.origin }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

async function run(line: string): Promise<string> {
  const terminal = createTestTerminal({
    SWITCHYARD_OWNER_TOKEN: booted.product.ownerToken,
    SWITCHYARD_URL: booted.url,
  });
  const code = await main(line.split(' '), terminal);
  if (code !== 0) throw new Error(`${code}: ${terminal.stderr()}${terminal.stdout()}`);
  return terminal.stdout();
}

describe('outcomes', () => {
  it("are told with a customer's key, by its own id, corrected and taken back, and never about another's answers", async () => {
    const requestId = await ask({ 'x-switchyard-external-id': 'ticket-7' });
    const first = await tell(shopKey, { externalId: 'ticket-7', pass: false, source: 'crm' });
    expect(first).toMatchObject({ status: 201, body: { requestId, kind: 'fail', value: 0 } });
    // Whom the model ran at and what routing expected is not the customer's to see.
    for (const name of ['host', 'key', 'postedBy', 'expected', 'features']) expect(first.body).not.toHaveProperty(name);
    const outcomeId = String(first.body['outcomeId']);
    expect((await tell(otherKey, { requestId, value: 0 })).status).toBe(404);
    expect((await tell(shopKey, { requestId, pass: true, supersedes: outcomeId })).status).toBe(201);
    expect((await tell(shopKey, { requestId, retracts: outcomeId })).status).toBe(201);
    expect(await outcomesOf(requestId)).toHaveLength(3);
  });

  it('come in batches of CSV and lines of JSON, each taken or refused on its own', async () => {
    const requestId = await ask();
    const csv = `requestId,value,source,idempotencyKey\n${requestId},0.5,"crm, north",a\nreq_${'0'.repeat(32)},1,crm,b\n`;
    const sent = { path: '/batch', type: 'text/csv' };
    const refused = [{ index: 1, code: 'not_found', detail: expect.any(String) }];
    expect((await tell(shopKey, csv, sent)).body).toEqual({ recorded: 1, repeated: 0, refused });
    expect((await tell(shopKey, csv, sent)).body).toMatchObject({ recorded: 0, repeated: 1 });
    const lines = `${JSON.stringify({ requestId, label: 'kept' })}\n${JSON.stringify({ requestId, minutesSaved: 4 })}\n`;
    expect((await tell(shopKey, lines, { ...sent, type: 'application/x-ndjson' })).body).toMatchObject({ recorded: 2 });
    const kinds = (await outcomesOf(requestId)).map(({ kind }) => kind);
    expect(kinds).toEqual(['score', 'label', 'minutes_saved']);
  });

  it.each<[string | object, string]>([
    ['{"requestId": NaN}', 'no JSON'],
    [{ value: 1 }, 'requestId'],
    [{ requestId: 'req_1', value: 1 }, 'requestId'],
    [`{"requestId":"req_${'a'.repeat(32)}","value":1e999}`, 'value'],
    [{ requestId: `req_${'a'.repeat(32)}`, value: 2 }, 'value'],
    [{ requestId: `req_${'a'.repeat(32)}` }, 'value'],
  ])('that are wrong are refused by name, and nothing is written: %j', async (body, named) => {
    const answer = await tell(booted.product.ownerToken, body);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining(named)]);
  });

  it('reach from a page as the thumb of an end user, about its own answers only', async () => {
    const signer = await owner.tokenSigners.create({ key: 'shop-key' });
    const tokenOf = (endUser: string): Promise<string> =>
      new SignJWT({ origin: page })
        .setProtectedHeader({ alg: 'HS256', kid: String(signer.id) })
        .setSubject(endUser)
        .setJti(endUser)
        .setExpirationTime(Math.floor(systemClock.nowMs() / 1000) + 600)
        .sign(Buffer.from(String(signer.secret), 'base64url'));
    const [ann, bob] = [await tokenOf('ann'), await tokenOf('bob')];
    const requestId = await ask();
    const thumb = { requestId, value: 1 };
    await waitUntil(async () => (await tell(ann, thumb, { origin: page })).status === 201, 'the signer is known');
    const again = await tell(ann, { ...thumb, value: 0 }, { origin: page });
    expect(again).toMatchObject({
      status: 201,
      body: { kind: 'thumb', endUser: 'ann', supersedes: expect.any(String) },
    });
    expect(again.headers.get('access-control-allow-origin')).toBe(page);
    expect((await tell(bob, thumb, { origin: page })).status).toBe(404);
    expect((await tell(ann, { ...thumb, kind: 'test' }, { origin: page })).status).toBe(403);
    expect((await tell(ann, thumb, { origin: 'https://evil.example' })).status).toBe(403);
    const preflight = await fetch(`${booted.url}/api/v1/outcomes`, {
      method: 'OPTIONS',
      headers: { origin: page, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect((await fetch(`${booted.url}/api/v1/evals`, { headers: { authorization: `Bearer ${ann}` } })).status).toBe(
      403,
    );
  });

  it('are seen by the gateway itself: the form of an answer, and that somebody asked for another one', async () => {
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const format = { type: 'json_schema', json_schema: { name: 'reply', schema } };
    const more = { response_format: format };
    const first = await ask({ 'x-switchyard-session': 'talk' }, more);
    await waitUntil(async () => (await outcomesOf(first)).length > 0, 'the form is seen');
    expect((await outcomesOf(first))[0]).toMatchObject({ kind: 'schema', source: 'gateway', job: 'parrot' });
    await ask({ 'x-switchyard-session': 'talk' }, more);
    await waitUntil(async () => (await outcomesOf(first)).length > 1, 'the second asking is seen');
    expect((await outcomesOf(first))[1]).toMatchObject({ kind: 'regenerate', value: 0, postedBy: 'gateway' });
  });
});

describe('an evaluation', () => {
  it('puts items to candidates on the production path, says who is better, and changes what routing does', async () => {
    const file = join(booted.directory, 'items.jsonl');
    const items = Array.from({ length: 24 }, (_, at) => ({
      id: `n${at}`,
      prompt: `${at}`,
      expected: { exact: `[simulated sim/echo] ${at}` },
    }));
    writeFileSync(file, items.map((item) => JSON.stringify(item)).join('\n'));
    const shown = await run(`eval run --job parrot --candidates sim/echo,sim/small --items ${file} --max-usd 1`);
    expect(shown).toMatch(/completed\nspent \$0\.0\d+ of \$1/);
    expect(shown).toContain('sim/echo is better');
    const [made] = (await owner.evals.list({ job: 'parrot' })).data;
    const report = made?.report;
    expect(report?.candidates[0]).toMatchObject({ candidate: 'sim/echo', items: 24, passed: 24, rate: 1, errors: 0 });
    expect(report?.pairs[0]?.p).toBeLessThan(0.01);
    expect(BigInt(made?.spentNanos ?? 0)).toBeGreaterThan(0n);
    expect(await run(`eval show ${made?.id} --flips`)).toMatch(/n\d+: sim\/echo is right/);

    await waitUntil(async () => {
      const { rows } = await owner.evals.leaderboard({ job: 'parrot' });
      return rows.filter(({ n }) => n >= 24).length === 2;
    }, 'the results are projected');
    const board = await run('leaderboard --job parrot');
    expect(board).toMatch(/\n +1 +sim\/echo +sim +100\.0 %/);
    expect(board).toMatch(/\n +2 +sim\/small +sim/);
    // What was learned from the evaluation moves the job's next request.
    await waitUntil(async () => {
      const record = await booted.control(`/api/v1/requests/${await ask()}`);
      return JSON.stringify(record['decision']).includes('"model":"sim/echo"');
    }, 'the job goes where the evaluation points');
  });

  it('takes the requests that a job kept and that were a success, right when they are answered the same', async () => {
    const content = 'Say it like before.';
    const requestId = await ask({}, { messages: [{ role: 'user', content }] });
    const told = await tell(booted.product.ownerToken, { requestId, kind: 'score', value: 1, source: 'crm' });
    expect(told.status).toBe(201);
    const shown = await run('eval run --job parrot --candidates sim/echo,sim/small --items logged --max-usd 1');
    expect(shown).toContain('completed');
    const [made] = (await owner.evals.list({ job: 'parrot' })).data;
    expect(made?.itemCount).toBeGreaterThan(0);
    const right = made?.report?.candidates.map(({ passed }) => passed) ?? [];
    expect(Math.max(...right)).toBeGreaterThan(0);
    await expect(run('eval run --job none --candidates sim/echo --items logged --max-usd 1')).rejects.toThrow('none');
  });

  it('stops where its money ends, and refuses what it cannot grade before it spends any', async () => {
    const item = { prompt: 'word '.repeat(400), expected: { normalised: 'word' }, maxTokens: 600 };
    const base = { job: 'parrot', candidates: ['sim/echo'], items: Array.from({ length: 5 }, () => item) };
    const items = base.items.map((one, at) => ({ ...one, id: `m${at}` }));
    const { id } = await owner.evals.create({ ...base, items, maxNanos: '30000' });
    const ungraded = await owner.evals.create({
      ...base,
      items: [{ prompt: 'x', expected: { judge: {} } }],
      maxNanos: '1',
    });
    const isOver = async (one: string): Promise<boolean> => (await owner.evals.get(one)).finishedAtMs !== null;
    await waitUntil(async () => (await isOver(id)) && (await isOver(ungraded.id)), 'both runs are over');
    const stopped = await owner.evals.get(id);
    expect(stopped).toMatchObject({ state: 'stopped', detail: expect.stringContaining('the money does not reach') });
    expect(BigInt(stopped.spentNanos)).toBeLessThanOrEqual(30_000n);
    expect(BigInt(stopped.spentNanos)).toBeGreaterThan(0n);
    expect(await owner.evals.get(ungraded.id)).toMatchObject({
      state: 'failed',
      spentNanos: '0',
      detail: expect.stringContaining('a judge never decides alone'),
    });
    await expect(owner.evals.create({ ...base, items, job: 'none', maxNanos: '1' })).rejects.toThrow('no job "none"');
    await expect(owner.evals.create({ ...base, candidates: ['none'], items, maxNanos: '1' })).rejects.toThrow('none');
  });
});
