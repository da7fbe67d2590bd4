import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { type BrowserOrReason, openBrowser, openWatchedPage, type WatchedPage } from './support/browser.ts';
import { waitUntil } from './support/wait-until.ts';
import { plantRow } from './support/control-world-money.ts';

const dayMs = 86_400_000;
let opened: TestDatabase;
let booted: BootedProduct;
let found: BrowserOrReason;

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
  booted = await bootProduct('database: env:JOURNEY_DATABASE_URL\n', { JOURNEY_DATABASE_URL: opened.url });
  await waitUntil(
    async () => (await booted.control('/api/v1/customers'))['httpStatus'] === 200,
    'the database is open',
  );
  found = await openBrowser();
}, 120_000);
afterAll(async () => {
  await found?.browser?.close();
  await booted?.close();
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
