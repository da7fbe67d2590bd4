import { createRequire } from 'node:module';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { findEngines } from '../../src/runtime/index.ts';
import type { Client } from '../../src/sdk/index.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { type BrowserOrReason, openBrowser, openWatchedPage } from './support/browser.ts';
import { ownerClient } from './support/owner-client.ts';
import { waitUntil } from './support/wait-until.ts';

const { workerd, esbuild } = findEngines(process.env);

/** An app, a site and a job: deployed from folders, changed under load, taken back, and read in a real browser. */
describe.skipIf(workerd === undefined || esbuild === undefined)('apps, read in a real browser', () => {
  let opened: TestDatabase;
  let booted: BootedProduct;
  let control: Client;
  let found: BrowserOrReason;
  const folder = mkdtempSync(join(tmpdir(), 'sy-apps-page-'));

  beforeAll(async () => {
    opened = await openTestDatabase();
    booted = await bootProduct('database: env:JOURNEY_DATABASE_URL\n', { JOURNEY_DATABASE_URL: opened.url });
    control = ownerClient(booted);
    await waitUntil(async () => (await booted.control('/api/v1/apps'))['httpStatus'] === 200, 'the database is open');
    found = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await found?.browser?.close();
    await booted?.close();
    await opened?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Writes files of a folder to deploy; with Hono as `npm install hono` leaves it there. */
  function folderOf(name: string, files: { readonly [path: string]: string }, withHono = false): string {
    const own = join(folder, name);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(own, path)), { recursive: true });
      writeFileSync(join(own, path), text);
    }
    if (!withHono) return own;
    const hono = packageFolder(createRequire(import.meta.url).resolve('hono'));
    const { version } = JSON.parse(readFileSync(join(hono, 'package.json'), 'utf8')) as { version: string };
    mkdirSync(join(own, 'node_modules'), { recursive: true });
    symlinkSync(hono, join(own, 'node_modules', 'hono'));
    writeFileSync(join(own, 'package.json'), JSON.stringify({ dependencies: { hono: '^4.0.0' } }));
    const packages = { 'node_modules/hono': { version } };
    writeFileSync(join(own, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
    return own;
  }

  async function deploy(app: string, from: string): Promise<string> {
    const terminal = createTestTerminal({
      SWITCHYARD_OWNER_TOKEN: booted.product.ownerToken,
      SWITCHYARD_URL: booted.url,
    });
    expect([await main(['deploy', from, '--app', app], terminal), terminal.stderr()]).toEqual([0, expect.any(String)]);
    return (await control.apps.get(app)).aliases.find(({ alias }) => alias === 'prod')?.version ?? '';
  }

  /** What a visitor sees at an address, once it says what it must; a page that complains fails. */
  async function read(path: string, selector: string, wanted: string): Promise<void> {
    if (!found.browser) return;
    const watched = await openWatchedPage(found.browser);
    try {
      await watched.page.goto(`${booted.url}${path}`);
      await waitUntil(
        async () => (await watched.page.locator(selector).textContent()) === wanted,
        `${path} shows ${wanted}`,
      );
      expect(watched.complaints).toEqual([]);
    } finally {
      await watched.close();
    }
  }

  const shop = (greeting: string): string => `
    import { Hono } from 'hono';
    const app = new Hono();
    let ticks = 0;
    app.get('/', (context) => context.html(\`<!doctype html><link rel="icon" href="data:,"><title>shop</title>
      <h1 id="served">${greeting}</h1><p id="called"></p>
      <script>fetch('api/greeting').then((answer) => answer.json())
        .then(({ text }) => (document.getElementById('called').textContent = text));</script>\`));
    app.get('/api/greeting', (context) => context.json({ text: '${greeting} from the app' }));
    app.get('/ticks', (context) => context.html(\`<!doctype html><link rel="icon" href="data:,"><b>\${ticks}</b>\`));
    export default { fetch: app.fetch, scheduled: () => { ticks += 1; } };
  `;
  let versions: readonly string[] = [];

  it('a Hono app shows its page, and the page calls its own app', async ({ skip }) => {
    versions = [await deploy('shop', folderOf('one', { 'src/index.ts': shop('one') }, true))];
    if (!found.browser) return skip(found.reason);
    await read('/a/shop/', '#served', 'one');
    await read('/a/shop/', '#called', 'one from the app');
  });

  it('is changed under load and taken back without one failed request, as a visitor sees', async () => {
    const next = folderOf('two', { 'src/index.ts': shop('two') }, true);
    const state = { isOver: false, last: '' };
    const statuses = new Set<number>();
    const visit = async (): Promise<void> => {
      while (!state.isOver) {
        const answer = await fetch(`${booted.url}/a/shop/api/greeting`);
        statuses.add(answer.status);
        state.last = await answer.text();
      }
    };
    const visitors = Array.from({ length: 4 }, visit);
    try {
      versions = [...versions, await deploy('shop', next)];
      await waitUntil(() => state.last.includes('two'), 'visitors get the new version');
      await read('/a/shop/', '#called', 'two from the app');
      await control.apps.rollBack('shop');
      await waitUntil(() => state.last.includes('one'), 'visitors get the old version');
      await read('/a/shop/', '#called', 'one from the app');
    } finally {
      state.isOver = true;
      await Promise.all(visitors);
    }
    expect([...statuses]).toEqual([200]);
    expect(new Set(versions).size).toBe(2);
  });

  it('a static site shows its pages with their style and script', async ({ skip }) => {
    const files = {
      'index.html':
        '<!doctype html><link rel="icon" href="data:,"><link rel="stylesheet" href="style.css"><h1>site</h1><p id="ran"></p><a href="about">about</a><script src="page.js"></script>',
      'about.html': '<!doctype html><link rel="icon" href="data:,"><h1>about</h1>',
      'style.css': 'h1 { color: rgb(1, 2, 3); }',
      'page.js': "document.getElementById('ran').textContent = getComputedStyle(document.querySelector('h1')).color;",
    };
    const first = await deploy('site', folderOf('site', files));
    if (!found.browser) return skip(found.reason);
    await read('/a/site/', '#ran', 'rgb(1, 2, 3)');
    await read('/a/site/about', 'h1', 'about');
    await deploy(
      'site',
      folderOf('site-two', { ...files, 'about.html': files['about.html'].replace('<h1>about', '<h1>new') }),
    );
    await read('/a/site/about', 'h1', 'new');
    await control.apps.rollBack('site');
    expect((await control.apps.get('site')).aliases[0]?.version).toBe(first);
    await read('/a/site/about', 'h1', 'about');
  });

  it('a scheduled job runs at its time, once, and its app shows it', async ({ skip }) => {
    await control.apps.setSchedules('shop', [{ name: 'tick', cron: '0 3 * * *' }]);
    await opened.database.db
      .updateTable('app_schedule')
      .set({ next_due_at_ms: BigInt(systemClock.nowMs() - 1000) })
      .execute();
    const state = async (): Promise<string | undefined> =>
      (await control.apps.schedules('shop')).data[0]?.lastRun?.status;
    await waitUntil(async () => (await state()) === 'succeeded', 'the job has run');
    expect(await (await fetch(`${booted.url}/a/shop/ticks`)).text()).toContain('<b>1</b>');
    if (!found.browser) return skip(found.reason);
    await read('/a/shop/ticks', 'b', '1');
  });
});

function packageFolder(file: string): string {
  return existsSync(join(dirname(file), 'LICENSE')) ? dirname(file) : packageFolder(dirname(file));
}
