import OpenAI, { type APIError } from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { usdText } from '../../src/http/pages/amounts.ts';
import type { Client, Invoice, RequestRecord, UsageRow } from '../../src/sdk/index.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct, rebootProduct } from './support/boot-product.ts';
import { databaseOpened, ownerClient, readOverview } from './support/owner-client.ts';

const dayMs = 86_400_000;
const messages = [{ role: 'user' as const, content: 'What do I owe?' }];

/** Money from end to end: the whole product with its own Postgres, through the clients that people use. */
describe('money, end to end', () => {
  let upstream: FakeUpstream;
  let booted: BootedProduct;
  let control: Client;
  let secret = '';
  const records: RequestRecord[] = [];

  beforeAll(async () => {
    upstream = await startFakeUpstream();
    booted = await bootProduct(`database: embedded
hosts:
  fake: { protocol: openai-chat, baseUrl: "${upstream.baseUrl}" }
models:
  small: { endpoints: [{ host: fake, model: gpt-mock, price: { input: 1234.567, output: 7654.321 } }] }
  shaky: { endpoints: [{ host: fake, model: "m?cut=3", price: { input: 100, output: 300 } }] }
plans:
  reseller: { markupPercent: 17.5 }
customers:
  - { name: acme, plan: reseller, timeZone: Europe/Berlin }
`);
    control = ownerClient(booted);
    await databaseOpened(booted, 'acme');
  });
  afterEach(() => vi.useRealTimers());
  afterAll(async () => {
    await booted?.close();
    await upstream?.close();
  });

  const clientOf = (apiKey: string): OpenAI => new OpenAI({ baseURL: `${booted.url}/v1`, apiKey, maxRetries: 0 });

  async function ask(apiKey: string, model = 'small'): Promise<void> {
    const { response } = await clientOf(apiKey).chat.completions.create({ model, messages }).withResponse();
    await remember(response);
  }

  async function askStreaming(apiKey: string, model = 'small'): Promise<void> {
    const { data, response } = await clientOf(apiKey)
      .chat.completions.create({ model, messages, stream: true })
      .withResponse();
    try {
      for await (const chunk of data) expect(chunk.object).toBe('chat.completion.chunk');
    } catch (error) {
      expect(model).toBe('shaky');
      expect(error).toBeInstanceOf(Error);
    }
    await remember(response);
  }

  async function remember(response: Response): Promise<void> {
    records.push(await control.requests.get(response.headers.get('x-switchyard-request-id') ?? ''));
  }

  const sumOf = (field: 'costNanos' | 'chargeNanos'): bigint =>
    records.reduce((sum, record) => sum + BigInt(record[field] ?? 0), 0n);

  async function usageOf(customer: string): Promise<UsageRow | undefined> {
    const { data } = await control.usage.query({ from: '2020-01-01', to: '2100-01-01', groupBy: 'customer', customer });
    return data[0];
  }

  async function projected(): Promise<UsageRow | undefined> {
    await expect.poll(async () => (await usageOf('acme'))?.requests, slow).toBe(records.length);
    return usageOf('acme');
  }

  async function balanceOf(kind: string, owner: string): Promise<bigint> {
    const { data } = await control.ledger.accounts({ owner });
    return BigInt(data.find((account) => account.kind === kind)?.balanceNanos ?? 0);
  }

  async function expectAgreement(): Promise<void> {
    expect(sumOf('chargeNanos')).toBeGreaterThan(sumOf('costNanos'));
    const charge = sumOf('chargeNanos').toString();
    const usage = await projected();
    expect(usage).toMatchObject({ chargeNanos: charge, costNanos: sumOf('costNanos').toString(), unpriced: 0 });
    expect(await balanceOf('vendor_payable', 'fake')).toBe(-sumOf('costNanos'));
    expect((await control.ledger.accounts()).sumNanos).toBe('0');
  }

  it('charges a customer whose key was made over the control API, streaming and not', async () => {
    const minted = await control.keys.create({ name: 'shop', customer: 'acme' });
    secret = minted.secret ?? '';
    // The first key ends the use without one.
    await expect.poll(async () => (await fetch(`${booted.url}/v1/models`)).status, slow).toBe(401);
    await ask(secret);
    await askStreaming(secret);
    await askStreaming(secret, 'shaky');
    for (const { costNanos, chargeNanos } of records) {
      expect(BigInt(costNanos ?? 0)).toBeGreaterThan(0n);
      // 17.5 % on top, half to even.
      expect(BigInt(chargeNanos ?? 0) * 1000n - BigInt(costNanos ?? 0) * 1175n).toBeLessThanOrEqual(500n);
    }
    await expectAgreement();
    expect(await balanceOf('accrued', 'acme')).toBe(sumOf('chargeNanos'));
  });

  async function statusOf(apiKey: string): Promise<number> {
    const call = clientOf(apiKey).chat.completions.create({ model: 'small', messages });
    return call.then(() => 200).catch((error: unknown) => (error as APIError).status ?? 0);
  }

  it('shows the same figures on the page', async () => {
    const page = await readOverview(booted);
    expect(page).toContain('acme');
    expect(page).toContain(usdText(sumOf('chargeNanos') - sumOf('costNanos')));
  });

  it('keeps everything over a restart', async () => {
    booted = await rebootProduct(booted);
    control = ownerClient(booted);
    await databaseOpened(booted, 'acme');
    await ask(secret);
    await expectAgreement();
  });

  it('invoices what requests, usage and ledger say, to the nano, and never changes it again', async () => {
    const started = new Date(records[0]?.open?.atMs ?? 0);
    const [year = 0, month = 0] = new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Berlin' })
      .format(started)
      .split('-')
      .map(Number);
    const draft = await control.invoices.draft({ customer: 'acme', year, month });
    expect(draft).toMatchObject({ status: 'draft', netNanos: sumOf('chargeNanos').toString() });
    await expect(control.invoices.finalise(draft.id, {})).rejects.toThrow(/not ended/);

    // The month ends.
    vi.useFakeTimers({ toFake: ['Date'], now: draft.endMs + dayMs });
    const final = await control.invoices.finalise(draft.id, {});
    expect(final).toMatchObject({ status: 'finalised', netNanos: draft.netNanos, number: '1' });
    expect(sumOfLines(final)).toBe(sumOf('chargeNanos'));
    vi.useRealTimers();
    const document = JSON.stringify(await control.invoices.document(final.id, { format: 'json' }));
    expect(document).toContain(`"${final.netNanos}"`);
    const pdf = await documentOf(final.id);
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect((await documentOf(final.id)).equals(pdf)).toBe(true);
    expect(await balanceOf('accrued', 'acme')).toBe(0n);
  });

  const sumOfLines = ({ lines }: Invoice): bigint => lines.reduce((sum, line) => sum + BigInt(line.amountNanos), 0n);

  async function documentOf(id: string): Promise<Buffer> {
    const answer = await fetch(`${booted.url}/api/v1/invoices/${id}/document`, {
      headers: { authorization: `Bearer ${booted.product.ownerToken}` },
    });
    return Buffer.from(await answer.arrayBuffer());
  }

  it('refuses a revoked key within a second', async () => {
    let beyondMs = Number.POSITIVE_INFINITY;
    // Another program on the machine may hold us up once, but not three times in a row.
    for (let round = 0; round < 3 && beyondMs >= 0; round++) {
      const name = `short-${round}`;
      const short = (await control.keys.create({ name, customer: 'acme' })).secret ?? '';
      await expect.poll(() => statusOf(short), slow).toBe(200);
      const askedMs = performance.now();
      expect(await statusOf(short)).toBe(200);
      const slownessMs = performance.now() - askedMs;
      await control.keys.revoke(name);
      const revokedMs = performance.now();
      await expect.poll(() => statusOf(short), { ...slow, interval: 10 }).toBe(401);
      // A machine that is busy with other tests is slow to hear and slow to ask.
      beyondMs = performance.now() - revokedMs - 1000 - 10 * slownessMs;
    }
    expect(beyondMs).toBeLessThan(0);
  });
});

const slow = { timeout: 90_000, interval: 50 };
