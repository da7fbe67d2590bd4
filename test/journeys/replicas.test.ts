import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { type BootedProduct, bootProduct, rebootProduct } from './support/boot-product.ts';
import { databaseOpened } from './support/owner-client.ts';
import { waitUntil } from './support/wait-until.ts';

const config = `
database: env:JOURNEY_DATABASE_URL
customers: [{ name: shop }]
jobs:
  talk: { models: [sim/small, sim/echo], floor: { incumbent: sim/small, margin: 0.5 } }
`;

let opened: TestDatabase;
let gateways: [BootedProduct, BootedProduct];
beforeAll(async () => {
  opened = await openTestDatabase();
  const environment = { JOURNEY_DATABASE_URL: opened.url };
  const one = await bootProduct(config, environment);
  await databaseOpened(one, 'shop');
  const other = await bootProduct(config, environment);
  await databaseOpened(other, 'shop');
  gateways = [one, other];
}, 120_000);
afterAll(async () => {
  for (const gateway of gateways ?? []) await gateway.close();
  await opened?.close();
});

async function ask({ url }: BootedProduct, model: string): Promise<{ requestId: string; model: string }> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  const { response } = await client.chat.completions
    .create({ model, messages }, { headers: { 'x-switchyard-job': 'talk' } })
    .withResponse();
  const header = (name: string): string => response.headers.get(`x-switchyard-${name}`) ?? '';
  return { requestId: header('request-id'), model: header('model') };
}

/** Tells a gateway what answers of both models were worth. */
async function tell(gateway: BootedProduct, worth: { readonly [model: string]: number }, count: number): Promise<void> {
  for (const [model, value] of Object.entries(worth)) {
    for (let at = 0; at < count; at++) {
      const { requestId } = await ask(gateway, model);
      const outcome = { requestId, kind: 'score', value, source: 'test' };
      expect((await gateway.control('/api/v1/outcomes', outcome))['httpStatus']).toBe(201);
    }
  }
}

async function learned(gateway: BootedProduct): Promise<{ outcomes: number; stateId: string }> {
  const { outcomes, stateId } = await gateway.control('/api/v1/routing/learning');
  return { outcomes: Number(outcomes), stateId: String(stateId) };
}

describe('two gateways on one database', () => {
  it('decide by the outcomes of either within five seconds', async () => {
    const [one, other] = gateways;
    await tell(one, { 'sim/small': 1, 'sim/echo': 0 }, 6);
    await waitUntil(async () => (await ask(other, 'job/talk')).model === 'sim/small', 'the other one knows');
    let tookMs = Number.POSITIVE_INFINITY;
    let best = 'sim/small';
    // Another program on the machine may hold us up once, but not twice in a row.
    for (const count of [14, 34, 60]) {
      if (tookMs < 5_000 && best === 'sim/echo') break;
      const worse = best;
      best = worse === 'sim/echo' ? 'sim/small' : 'sim/echo';
      await tell(one, { [best]: 1, [worse]: 0 }, count);
      const toldMs = performance.now();
      await waitUntil(async () => (await ask(other, 'job/talk')).model === best, 'the other one decides otherwise');
      tookMs = Math.min(tookMs, performance.now() - toldMs);
    }
    expect(tookMs).toBeLessThan(5_000);
  }, 180_000);

  it('lose nothing of it when they start again, not even without the database', async () => {
    const [one, other] = gateways;
    const { outcomes } = await learned(one);
    expect(outcomes).toBeGreaterThanOrEqual(40);
    await waitUntil(async () => (await learned(other)).outcomes === outcomes, 'both know the same');
    gateways = [await rebootProduct(one, { JOURNEY_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' }), other];
    expect((await learned(gateways[0])).outcomes).toBe(outcomes);
    expect((await ask(gateways[0], 'job/talk')).model).toBe('sim/echo');
    // The other one was told nothing itself: all that it knows it has from the database.
    gateways = [gateways[0], await rebootProduct(other, { JOURNEY_DATABASE_URL: opened.url })];
    await waitUntil(async () => (await learned(gateways[1])).outcomes === outcomes, 'the other one knows again');
    expect((await ask(gateways[1], 'job/talk')).model).toBe('sim/echo');
  });
});
