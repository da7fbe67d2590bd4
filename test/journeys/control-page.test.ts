import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/sdk/index.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { type BrowserOrReason, openBrowser, openWatchedPage, type WatchedPage } from './support/browser.ts';
import { waitUntil } from './support/wait-until.ts';
import { plantRow } from './support/control-world-money.ts';

const dayMs = 86_400_000;
let opened: TestDatabase;
let booted: BootedProduct;
let found: BrowserOrReason;
let upstream: FakeUpstream;

const configOf = (baseUrl: string): string => `
database: env:JOURNEY_DATABASE_URL
hosts:
  up: { protocol: openai-chat, baseUrl: "${baseUrl}" }
models:
  small: { endpoints: [{ host: up, model: small, price: { input: 1, output: 4 } }] }
  large: { endpoints: [{ host: up, model: large, price: { input: 10, output: 40 } }] }
jobs:
  reply:
    models: [small, large]
    value: { lowUsd: 0.005, midUsd: 0.01, highUsd: 0.05 }
    floor: { incumbent: large, margin: 0.9 }
`;

/** Ten answers: six are told to be right, two to be wrong, of two nobody tells. */
async function answerAndTell(): Promise<void> {
  const { outcomes } = createClient({ url: booted.url, ownerToken: booted.product.ownerToken });
  for (let at = 0; at < 10; at++) {
    const body = JSON.stringify({ model: 'job/reply', messages: [{ role: 'user', content: `Question ${at}` }] });
    const answer = await fetch(`${booted.url}/v1/chat/completions`, { method: 'POST', body });
    const requestId = answer.headers.get('x-switchyard-request-id') ?? '';
    await answer.text();
    if (at < 8) await outcomes.post({ requestId, kind: 'pass', value: at < 6 ? 1 : 0, source: 'test' });
  }
}

beforeAll(async () => {
  opened = await openTestDatabase();
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  const labels = { key_name: 'k', model: 'large', host: 'acme-host', feature: '', project: '' };
  for (const [customer, job, charge] of [
    ['northwind', 'summarise', 9_000_000_000],
    ['initech', 'chat', 1_000_000_000],
  ] as const) {
    const row = { ...labels, customer, job, requests: 10, cost_nanos: 2_500_000_000, charge_nanos: charge };
    await plantRow(opened.database.db, 'usage_day', { ...row, day_ms: today });
    await plantRow(opened.database.db, 'usage_slot', { ...row, slot_ms: today });
  }
  upstream = await startFakeUpstream();
  booted = await bootProduct(configOf(upstream.baseUrl), { JOURNEY_DATABASE_URL: opened.url });
  await waitUntil(
    async () => (await booted.control('/api/v1/customers'))['httpStatus'] === 200,
    'the database is open',
  );
  await answerAndTell();
  found = await openBrowser();
}, 120_000);
afterAll(async () => {
  await found?.browser?.close();
  await booted?.close();
  await upstream?.close();
  await opened?.close();
});

async function signIn({ page }: WatchedPage): Promise<void> {
  await page.goto(booted.url);
  await page.getByLabel('Owner token or access token').fill(booted.product.ownerToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}

describe('the page in a browser', () => {
  it('takes the owner token, shows the figures and leads from each to its rows', async ({ skip }) => {
    if (!found.browser) return skip(found.reason);
    const watched = await openWatchedPage(found.browser);
    await signIn(watched);
    const { page } = watched;
    expect(await page.getByText('Spend today').locator('..').textContent()).toContain('$5.00');
    expect(await page.getByRole('row', { name: /northwind/ }).textContent()).toContain('$6.50');
    expect(await page.getByRole('row', { name: /initech/ }).textContent()).toContain('−$1.50');
    await page.getByRole('link', { name: 'northwind' }).click();
    await page.getByRole('heading', { name: 'Usage by Job' }).waitFor();
    expect(await page.getByRole('row', { name: /summarise/ }).textContent()).toContain('$9.00');
    for (const label of ['Requests now', 'Spend 7 days', 'Estimated share', 'Unreconciled', 'Price alerts']) {
      await page.goto(booted.url);
      await page.getByRole('link', { name: new RegExp(label) }).click();
      expect(await page.locator('h1').textContent()).not.toBe('Overview');
      expect(await page.getByText('There is no such page').count()).toBe(0);
    }
    expect(watched.complaints).toEqual([]);
    expect(watched.requests.filter((url) => !url.startsWith(booted.url) && !url.startsWith('data:'))).toEqual([]);
    await watched.close();
  });

  it('shows what a job returns, struck through while nothing proves it, and leads from each figure to its requests', async ({
    skip,
  }) => {
    if (!found.browser) return skip(found.reason);
    const watched = await openWatchedPage(found.browser, {
      viewport: { width: 380, height: 800 },
      colorScheme: 'dark',
    });
    await signIn(watched);
    const { page } = watched;
    const card = page.getByRole('article', { name: 'Return of job reply' });
    await card.waitFor();
    const text = (await card.textContent())?.replace(/\s+/g, ' ') ?? '';
    expect(text).toMatch(/Full cost per success \$0\.0+[1-9]/);
    expect(text).toContain('75.0 %');
    expect(text).toContain('2 of 10: nobody told');
    expect(text).toMatch(/low ?\$0\.03.*mid ?\$0\.06.*high ?\$0\.30/);
    expect(text).toContain('parity not proven');
    expect(await card.locator('strong s').count()).toBe(1);
    expect(await card.getByRole('row', { name: /verifier cascade/ }).count()).toBe(1);
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await card.getByRole('link', { name: '75.0 %' }).click();
    await page.getByRole('heading', { name: 'Requests of job reply' }).waitFor();
    expect(await page.locator('tbody tr').count()).toBe(6);
    for (const [outcome, count] of [
      ['unknown', 2],
      ['told', 8],
      ['all', 10],
    ] as const) {
      await page.goto(`${booted.url}/rows/returns?job=reply&outcome=${outcome}`);
      expect(await page.locator('tbody tr').count()).toBe(count);
    }
    await page.goto(`${booted.url}/rows/returns`);
    expect(await page.getByRole('row', { name: /reply/ }).textContent()).toContain('parity not proven');
    expect(watched.complaints).toEqual([]);
    await watched.close();
  });

  it('takes over fresh figures while it is looked at, within its own policy', async ({ skip }) => {
    if (!found.browser) return skip(found.reason);
    const watched = await openWatchedPage(found.browser);
    const { page } = watched;
    await page.clock.install();
    await signIn(watched);
    await page.evaluate("document.getElementById('figures').dataset.old = 'yes'");
    await page.clock.fastForward(6_000);
    await expect.poll(() => page.locator('#figures[data-old]').count(), { timeout: 30_000 }).toBe(0);
    expect(await page.getByRole('article', { name: 'Return of job reply' }).count()).toBe(1);
    expect(watched.complaints).toEqual([]);
    await watched.close();
  });

  it('works without scripts, keeps the cookie from scripts, and forgets it at sign-out', async ({ skip }) => {
    if (!found.browser) return skip(found.reason);
    const watched = await openWatchedPage(found.browser, { javaScriptEnabled: false, colorScheme: 'dark' });
    await signIn(watched);
    const cookies = await watched.page.context().cookies();
    expect(cookies).toMatchObject([{ name: 'switchyard_session', httpOnly: true, sameSite: 'Strict' }]);
    await watched.page.getByRole('button', { name: 'Sign out' }).click();
    await watched.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await watched.page.context().cookies()).toEqual([]);
    await watched.close();
  });

  it('refuses a wrong token in words, and fits a narrow screen', async ({ skip }) => {
    if (!found.browser) return skip(found.reason);
    const watched = await openWatchedPage(found.browser, { viewport: { width: 360, height: 700 } });
    const { page } = watched;
    await page.goto(booted.url);
    await page.getByLabel('Owner token or access token').fill('wrong');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').textContent()).toContain('not known');
    await signIn(watched);
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await watched.close();
  });
});
