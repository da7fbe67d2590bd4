import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExchangeRecord } from '../../src/gateway/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { openSealer, removeProviderCredential, setProviderCredential } from '../../src/tenants/index.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { waitUntil } from './support/wait-until.ts';

const owner = { name: 'owner', role: 'owner' } as const;
const messages = [{ role: 'user' as const, content: 'Say something.' }];
const secret = 'sk-of-acme-itself-9876';

let opened: TestDatabase;
let upstream: FakeUpstream;
let booted: BootedProduct;

const config = (): string => `
database: env:JOURNEY_DATABASE_URL
hosts:
  fake: { protocol: openai-chat, baseUrl: "${upstream.url}/v1", apiKey: "env:UPSTREAM_KEY" }
models:
  small: { endpoints: [{ host: fake, model: gpt-mock, price: { input: 1000, output: 1000 } }] }
plans:
  listed: { prices: { '*': { input: "2000", output: "2000" } } }
customers:
  - { name: acme, plan: listed }
  - { name: globex, plan: listed }
keys:
  - { name: acme-key, secret: "env:ACME_KEY", customer: acme, project: web }
  - { name: globex-key, secret: "env:GLOBEX_KEY", customer: globex }
`;

beforeAll(async () => {
  opened = await openTestDatabase();
  upstream = await startFakeUpstream();
  booted = await bootProduct(config(), {
    JOURNEY_DATABASE_URL: opened.url,
    UPSTREAM_KEY: 'sk-upstream',
    ACME_KEY: 'sk-acme-key',
    GLOBEX_KEY: 'sk-globex-key',
  });
  const knows = async (): Promise<boolean> => JSON.stringify(await booted.control('/api/v1/keys')).includes('acme-key');
  await waitUntil(knows, 'the database knows the keys');
}, 120_000);
afterAll(async () => {
  await booted?.close();
  await upstream?.close();
  await opened?.close();
});

const store = () => ({
  database: opened.database,
  clock: systemClock,
  newId: (prefix: string) => `${prefix}_1`,
  sealer: openSealer(`${booted.directory}/data`),
});

/** Units of acme's requests by the host that answered. */
const unitsByHost = new Map<string, number[]>();

async function ask(apiKey: string): Promise<ExchangeRecord> {
  const client = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey, maxRetries: 0 });
  const { response } = await client.chat.completions
    .create({ model: 'small', messages, max_tokens: 20 })
    .withResponse();
  const requestId = response.headers.get('x-switchyard-request-id') ?? '';
  const record = (await booted.control(`/api/v1/requests/${requestId}`)) as unknown as ExchangeRecord;
  const [{ host, usage } = { host: '' }] = record.attempts;
  if (apiKey === 'sk-acme-key') unitsByHost.set(host, [...(unitsByHost.get(host) ?? []), usage?.input ?? 0]);
  return record;
}

const hostAsked = async (apiKey: string): Promise<string | undefined> => (await ask(apiKey)).attempts[0]?.host;

describe('a customer that brings its own provider key', () => {
  it('is served by its own account, at no cost and no price for units, and nobody else is', async () => {
    expect(await hostAsked('sk-acme-key')).toBe('fake');
    await setProviderCredential(store(), owner, { customer: 'acme', host: 'fake', secret });
    await waitUntil(async () => (await hostAsked('sk-acme-key')) === 'fake@acme', 'the own key is used');
    const own = await ask('sk-acme-key');
    expect(upstream.lastHeaders()['authorization']).toBe(`Bearer ${secret}`);
    expect(own.attempts).toMatchObject([{ host: 'fake@acme', costNanos: '0', flags: ['own_credentials'] }]);
    expect(own.attempts[0]?.usage?.input).toBeGreaterThan(0);
    expect(own.final).toMatchObject({ costNanos: '0', chargeNanos: '0', project: 'web' });
    expect(JSON.stringify(own)).not.toContain(secret);

    const other = await ask('sk-globex-key');
    expect(upstream.lastHeaders()['authorization']).toBe('Bearer sk-upstream');
    expect(other.attempts).toMatchObject([{ host: 'fake', flags: [] }]);
    expect(other.final).not.toMatchObject({ chargeNanos: '0' });
  });

  it('is metered for nothing that its own account answered', async () => {
    const asked = [...unitsByHost.values()].flat().length;
    const metered = async (): Promise<{ requests: bigint; input: bigint }> => {
      const query = opened.database.db.selectFrom('usage_slot').select(['requests', 'input']);
      const rows = await query.where('customer', '=', 'acme').execute();
      const sumOf = (column: 'requests' | 'input'): bigint => rows.reduce((sum, row) => sum + row[column], 0n);
      return { requests: sumOf('requests'), input: sumOf('input') };
    };
    const ours = (unitsByHost.get('fake') ?? []).reduce((sum, units) => sum + units, 0);
    await expect.poll(metered, { timeout: 90_000 }).toEqual({ requests: BigInt(asked), input: BigInt(ours) });
  }, 100_000);

  it('is served by our account again when it takes its key back', async () => {
    await removeProviderCredential(store(), owner, { customer: 'acme', host: 'fake' });
    await waitUntil(async () => (await hostAsked('sk-acme-key')) === 'fake', 'our key is used');
  });
});
