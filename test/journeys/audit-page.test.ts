import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { demoCalls, demoPrices } from '../../src/reports/audit/testing/demo-log.ts';
import { jsonLines, litellmRow } from '../../src/reports/audit/testing/log-writers.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { type BrowserOrReason, openBrowser, openWatchedPage } from './support/browser.ts';

const charts = ['chart-days', 'chart-models', 'chart-jobs', 'chart-users', 'chart-savings', 'chart-moves'];

describe('the page of an audit, in a real browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-audit-page-'));
  const file = join(folder, 'report.html');
  const terminal = createTestTerminal({});
  let found: BrowserOrReason;

  beforeAll(async () => {
    const log = join(folder, 'spend.jsonl');
    writeFileSync(log, jsonLines(demoCalls(4000).map(litellmRow)));
    const prices = join(folder, 'prices.yaml');
    writeFileSync(prices, pricesAsYaml());
    expect(await main(['audit', log, '--prices', prices, '--html', file, '--json'], terminal)).toBe(0);
    found = await openBrowser();
  });
  afterAll(async () => {
    await found.browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.for(['light', 'dark'] as const)(
    'shows every chart in %s, asks nobody for anything, complains of nothing',
    async (colorScheme, { skip }) => {
      if (!found.browser) return skip(found.reason);
      const watched = await openWatchedPage(found.browser, { colorScheme });
      await watched.page.goto(pathToFileURL(file).href);
      for (const id of charts) {
        const box = await watched.page.locator(`#${id}`).boundingBox();
        expect([id, (box?.width ?? 0) > 100, (box?.height ?? 0) > 60]).toEqual([id, true, true]);
        expect(await watched.page.locator(`#${id} rect, #${id} circle`).count()).toBeGreaterThan(2);
      }
      const styleOf = (selector: string): Promise<unknown> =>
        watched.page.evaluate(
          `JSON.stringify(((style) => [style.fill, style.textDecorationLine])(getComputedStyle(document.querySelector('${selector}'))))`,
        );
      expect(await styleOf('#chart-savings .w-unproven')).toContain('hatch-unproven');
      expect(await styleOf('#chart-savings text.struck')).toContain('line-through');
      const picture = join(folder, `${colorScheme}.png`);
      await watched.page.screenshot({ path: picture, fullPage: true });
      expect(statSync(picture).size).toBeGreaterThan(50_000);
      expect(watched.complaints).toEqual([]);
      expect(watched.requests).toEqual([pathToFileURL(file).href]);
      await watched.close();
    },
  );

  it('says the total of the report, and holds names of the log as text only', async ({ skip }) => {
    if (!found.browser) return skip(found.reason);
    const report = JSON.parse(terminal.stdout()) as { total: { costNanos: string } };
    const watched = await openWatchedPage(found.browser);
    await watched.page.goto(pathToFileURL(file).href);
    expect(await watched.page.locator('#total').getAttribute('data-nanos')).toBe(report.total.costNanos);
    expect(await watched.page.locator('#chart-jobs').textContent()).toContain('tag <b>"x"</b> & co');
    expect(
      await watched.page
        .locator('main b')
        .filter({ hasText: /^x$|^"x"$/ })
        .count(),
    ).toBe(0);
    await watched.close();
  });

  it('sorts its tables by a click, amounts by their size', async ({ skip }) => {
    if (!found.browser) return skip(found.reason);
    const watched = await openWatchedPage(found.browser);
    await watched.page.goto(pathToFileURL(file).href);
    const section = watched.page.locator('section', { has: watched.page.locator('#chart-days') });
    await section.locator('summary').click();
    const costs = async (): Promise<bigint[]> => {
      const keys: unknown = await watched.page.evaluate(
        `[...document.querySelector('#chart-days').closest('section').querySelectorAll('tbody td:nth-child(3)')].map((cell) => cell.dataset.key)`,
      );
      return (keys as string[]).map(BigInt);
    };
    const before = await costs();
    await section.getByRole('button', { name: 'Cost' }).click();
    const falling = before.toSorted((one, other) => Number(other - one));
    expect(await costs()).toEqual(falling);
    await section.getByRole('button', { name: 'Cost' }).click();
    expect(await costs()).toEqual(falling.toReversed());
    expect(before).not.toEqual(falling);
    expect(watched.complaints).toEqual([]);
    await watched.close();
  });
});

function pricesAsYaml(): string {
  const entries = Object.entries(demoPrices).flatMap(([endpoint, versions]) => {
    const slash = endpoint.indexOf('/');
    return versions.map(({ fromMs, input, output, cacheRead }) => ({
      host: endpoint.slice(0, slash),
      model: endpoint.slice(slash + 1),
      ...(fromMs > 0 && { from: new Date(fromMs).toISOString() }),
      price: { input, output, ...(cacheRead !== undefined && { cacheRead }) },
    }));
  });
  return JSON.stringify({ prices: entries });
}
