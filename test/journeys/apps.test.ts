import { createRequire } from 'node:module';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectApp } from '../../src/cli/commands/apps/collect-app.ts';
import { findEngines } from '../../src/runtime/index.ts';
import type { AppVersion, AppVersionInput, Client } from '../../src/sdk/index.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { type BootedProduct, bootProduct, rebootProduct } from './support/boot-product.ts';
import { ownerClient } from './support/owner-client.ts';
import { waitUntil } from './support/wait-until.ts';

const { workerd, esbuild } = findEngines(process.env);

/** Apps from end to end: built, served, changed under load, taken back and started again. */
describe.skipIf(workerd === undefined || esbuild === undefined)('apps, end to end', () => {
  let opened: TestDatabase;
  let environment: { readonly [name: string]: string };
  let booted: BootedProduct;
  let control: Client;
  const folder = mkdtempSync(join(tmpdir(), 'sy-app-'));

  beforeAll(async () => {
    opened = await openTestDatabase();
    environment = { JOURNEY_DATABASE_URL: opened.url };
    booted = await bootProduct('database: env:JOURNEY_DATABASE_URL\ncustomers:\n  - { name: acme }\n', environment);
    control = ownerClient(booted);
    await waitUntil(async () => (await booted.control('/api/v1/apps'))['httpStatus'] === 200, 'the database is open');
  }, 120_000);
  afterAll(async () => {
    await booted?.close();
    await opened?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** An app with Hono, as somebody has it after `npm install hono`. */
  function honoFolder(greeting: string): string {
    const own = join(folder, greeting);
    const hono = packageFolder(createRequire(import.meta.url).resolve('hono'));
    const { version } = JSON.parse(readFileSync(join(hono, 'package.json'), 'utf8')) as { version: string };
    for (const name of ['src', 'node_modules']) mkdirSync(join(own, name), { recursive: true });
    symlinkSync(hono, join(own, 'node_modules', 'hono'));
    writeFileSync(join(own, 'package.json'), JSON.stringify({ dependencies: { hono: '^4.0.0' } }));
    const packages = { 'node_modules/hono': { version } };
    writeFileSync(join(own, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
    writeFileSync(join(own, 'src', 'index.ts'), honoSource(greeting));
    return own;
  }

  const honoSource = (greeting: string): string => `
    import { Hono } from 'hono';
    type Env = { Bindings: { SWITCHYARD_URL: string; SWITCHYARD_KEY: string; TOKEN: string } };
    const app = new Hono<Env>();
    app.get('/', (context) => context.text(${JSON.stringify(greeting)}));
    app.get('/log', (context) => { console.log('said', context.env.TOKEN); return context.text('logged'); });
    app.get('/headers', (context) => {
      context.header('content-security-policy', 'default-src *');
      context.header('service-worker-allowed', '/');
      context.header('set-cookie', 'switchyard_session=mine; Path=/');
      return context.json(context.req.header());
    });
    app.get('/ask', async (context) => {
      const { SWITCHYARD_URL, SWITCHYARD_KEY } = context.env;
      const answer = await fetch(SWITCHYARD_URL + '/v1/chat/completions', {
        method: 'POST',
        headers: { authorization: 'Bearer ' + SWITCHYARD_KEY, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'sim/echo', messages: [{ role: 'user', content: 'hello' }] }),
      });
      return context.json(await answer.json(), answer.status as 200);
    });
    app.get('/control', async (context) => {
      const answer = await fetch(context.env.SWITCHYARD_URL + '/api/v1/apps');
      return context.text(String(answer.status));
    });
    export default { fetch: app.fetch, scheduled: async (event: { cron: string }) => console.log('tick', event.cron) };
  `;

  const deploy = async (app: string, input: AppVersionInput): Promise<AppVersion> => {
    const version = await control.apps.addVersion(app, input);
    await control.apps.setAlias(app, { alias: 'prod', version: version.version });
    await waitUntil(
      async () => (await fetch(`${booted.url}/a/${app}/`)).headers.get('x-switchyard-version') === version.version,
      `${app} serves ${version.version}`,
    );
    return version;
  };

  const files = (text: string): AppVersionInput['files'] => [{ path: 'index.html', content: text }];
  let first: AppVersion;
  let second: AppVersion;

  it('a Hono app is bundled with its dependencies and runs unchanged; the same files are the same version', async () => {
    const settings = { secrets: ['TOKEN'], models: true, customer: 'acme' };
    const input = { ...collectApp(honoFolder('one')), ...settings };
    first = await control.apps.addVersion('shop', input);
    await control.apps.setSecret('shop', { name: 'TOKEN', value: 'very-secret-value' });
    expect(await control.apps.addVersion('shop', input)).toMatchObject({ version: first.version, isNew: false });
    await deploy('shop', input);
    expect(await (await fetch(`${booted.url}/a/shop/`)).text()).toBe('one');
    const { port } = new URL(booted.url);
    expect(await byHost(Number(port), 'prod--shop.localhost', '/')).toBe('one');
    second = await control.apps.addVersion('shop', { ...collectApp(honoFolder('two')), ...settings });
    expect(second.version).not.toBe(first.version);
  });

  it('its log has what it wrote, with the request, without its secrets, and is found and followed', async () => {
    const answer = await fetch(`${booted.url}/a/shop/log`);
    const requestId = answer.headers.get('x-switchyard-request-id') ?? '';
    const read = async (): Promise<readonly { readonly text: string }[]> =>
      (await control.apps.logs('shop', { search: 'SAID', requestId })).data;
    await waitUntil(async () => (await read()).length > 0, 'the line is in the log');
    expect(await read()).toMatchObject([{ text: 'said [secret]', requestId, stream: 'stdout', level: 'info' }]);
    const abort = new AbortController();
    const followed = await fetch(`${booted.url}/api/v1/apps/shop/logs?follow`, {
      headers: { authorization: `Bearer ${booted.product.ownerToken}` },
      signal: abort.signal,
    });
    const decoder = new TextDecoder();
    let heard = '';
    for await (const chunk of followed.body ?? []) {
      heard += decoder.decode(chunk, { stream: true });
      if (heard.includes('"text":"said [secret]"')) break;
    }
    expect(heard).toContain('"text":"said [secret]"');
    abort.abort();
  });

  it('it calls models with its own key, which it never sees, and reaches nothing else of ours', async () => {
    const answer = await fetch(`${booted.url}/a/shop/ask`);
    expect([answer.status, await answer.json()]).toMatchObject([200, { object: 'chat.completion' }]);
    expect(await (await fetch(`${booted.url}/a/shop/control`)).text()).toBe('403');
    const usage = await control.requests.list({ customer: 'acme' }).catch(() => undefined);
    expect(usage).toBeDefined();
    expect(await control.apps.get('shop')).toMatchObject({
      key: expect.stringMatching(/^app-shop-[0-9a-f]{8}$/) as string,
      customer: 'acme',
    });
  });

  it('it sees neither our headers nor our cookies, and its pages are an origin of their own', async () => {
    const answer = await fetch(`${booted.url}/a/shop/headers`, {
      headers: { cookie: 'switchyard_session=stolen; own=1', 'x-switchyard-explain': '1', 'x-forwarded-for': 'me' },
    });
    expect(await answer.json()).toMatchObject({
      cookie: 'own=1',
      'x-forwarded-prefix': '/a/shop',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(answer.headers.get('content-security-policy')).toMatch(/^sandbox (?!.*allow-same-origin)/);
    for (const name of ['set-cookie', 'service-worker-allowed']) expect(answer.headers.has(name)).toBe(false);
  });

  it('it is changed and taken back under load without one failed request', async () => {
    const seen = new Set<string>();
    const statuses = new Map<number, number>();
    const state = { isOver: false, last: '' };
    const visited = (text: string): Promise<void> => waitUntil(() => state.last === text, `visitors see ${text}`);
    const visit = async (): Promise<void> => {
      while (!state.isOver) {
        const answer = await fetch(`${booted.url}/a/shop/`);
        state.last = await answer.text();
        seen.add(state.last);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      }
    };
    const visitors = Array.from({ length: 4 }, visit);
    try {
      for (let flip = 0; flip < 4; flip++) {
        await control.apps.setAlias('shop', { alias: 'prod', version: second.version });
        await visited('two');
        await control.apps.rollBack('shop');
        await visited('one');
      }
    } finally {
      state.isOver = true;
      await Promise.all(visitors);
    }
    expect([...statuses.keys()]).toEqual([200]);
    expect([...seen].sort()).toEqual(['one', 'two']);
  });

  it('of two changes at once one wins, and the other is told', async () => {
    const { revision } = (await control.apps.get('shop')).aliases[0] ?? { revision: 0 };
    const both = await Promise.allSettled([
      control.apps.setAlias('shop', { alias: 'prod', version: second.version, expectedRevision: revision }),
      control.apps.setAlias('shop', { alias: 'prod', version: second.version, expectedRevision: revision }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { problem: { code: 'conflict' } },
    });
  });

  it('a static site is served with its pages, types and tags', async () => {
    await deploy('site', { files: [...(files('<h1>hello</h1>') ?? []), { path: 'a/style.css', content: 'p {}' }] });
    const page = await fetch(`${booted.url}/a/site/`);
    expect([await page.text(), page.headers.get('content-type')]).toEqual([
      '<h1>hello</h1>',
      'text/html; charset=utf-8',
    ]);
    const style = await fetch(`${booted.url}/a/site/a/style.css`);
    expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8');
    const again = await fetch(`${booted.url}/a/site/`, {
      headers: { 'if-none-match': page.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
    expect((await fetch(`${booted.url}/a/site/none`)).status).toBe(404);
    expect((await fetch(`${booted.url}/a/nothing/`)).status).toBe(404);
    expect((await fetch(`${booted.url}/a/site`, { redirect: 'manual' })).headers.get('location')).toBe('/a/site/');
  });

  it('what cannot be served changes nothing and leaves nothing', async () => {
    const before = await control.apps.list();
    const keptBefore = kept();
    const bomb = gzipSync(Buffer.alloc(96 * 1024 * 1024)).toString('base64');
    const dependent = { path: 'package.json', content: '{"dependencies":{"tool":"1.0.0"}}' };
    const large = `export default { text: '${'x'.repeat(11 * 1024 * 1024)}' };`;
    const broken: [AppVersionInput, string][] = [
      [{ files: [{ path: 'index.ts', content: 'export default {' }] }, 'The build failed'],
      [{ files: [{ path: 'index.ts', content: 'import "/etc/hostname"; export default {};' }] }, 'The build'],
      [{ files: [{ path: '../x.ts', content: '' }] }, 'leaves its folder'],
      [{ files: [{ path: '/etc/x.ts', content: '' }] }, 'is absolute'],
      [
        {
          files: [
            { path: 'a', content: '' },
            { path: 'a/b', content: '' },
          ],
        },
        'as a file and as a folder',
      ],
      [{ archive: Buffer.from('no archive').toString('base64') }, 'archive'],
      [{ archive: bomb }, 'unpacks to more than'],
      [{ files: [{ path: 'index.js', content: large }] }, 'at most 10485760 can be run'],
      [{ files: [{ path: 'large', content: 'x'.repeat(17 * 1024 * 1024) }] }, 'large with more than'],
      [{ files: files('x'), environment: { BIG: 'x'.repeat(200_000) } }, 'environment'],
      [{ files: [...(files('x') ?? []), dependent] }, 'no package-lock.json'],
      [{ files: files('x'), entry: 'none.ts' }, 'no file none.ts'],
      [{ files: [] }, 'holds no file'],
      [{ files: files('x'), digest: `sha256:${'0'.repeat(64)}` }, 'was expected'],
      [{ files: files('x'), digest: 'sha256:short' }, 'digest'],
      [{ files: files('x'), network: { allow: ['127.0.0.1'] } }, 'no host name'],
    ];
    for (const [input, problem] of broken) await expect(control.apps.addVersion('new', input)).rejects.toThrow(problem);
    expect(kept()).toEqual(keptBefore);
    const unknown = { alias: 'other' as 'prod', version: second.version };
    await expect(control.apps.setAlias('shop', unknown)).rejects.toMatchObject({
      problem: { code: 'invalid_request' },
    });
    await expect(control.apps.setAlias('none', { ...unknown, alias: 'prod' })).rejects.toThrow('no app');
    await expect(control.apps.rollBack('shop', 'preview')).rejects.toThrow('no preview version');
    const dead = await control.apps.addVersion('shop', {
      files: [{ path: 'index.js', content: 'throw new Error("at start"); export default {};' }],
    });
    await expect(control.apps.setAlias('shop', { alias: 'prod', version: dead.version })).rejects.toThrow('at start');
    await expect(control.apps.setAlias('shop', { alias: 'prod', version: `ver_${'0'.repeat(32)}` })).rejects.toThrow(
      'no version',
    );
    expect(await control.apps.list()).toEqual(before);
    expect(
      existsSync(join(booted.directory, 'data', 'run', 'builds'))
        ? readdirSync(join(booted.directory, 'data', 'run', 'builds'))
        : [],
    ).toEqual([]);
  });

  /** Everything that uploads leave on the disk. */
  const kept = (): string[] =>
    readdirSync(join(booted.directory, 'data', 'apps', 'blobs'), { recursive: true }).map(String);

  it('a schedule is kept with when it is due; no expression is refused', async () => {
    const set = await control.apps.setSchedules('shop', [
      { name: 'nightly', cron: '0 3 * * *', timeZone: 'Europe/Berlin' },
    ]);
    expect(set.data).toMatchObject([{ name: 'nightly', overlap: 'skip', lastRun: null }]);
    expect(set.data[0]?.nextDueAtMs).toBeGreaterThan(0);
    await expect(control.apps.setSchedules('shop', [{ name: 'x', cron: 'often' }])).rejects.toThrow(
      'no cron expression',
    );
  });

  it('apps come back with the product', async () => {
    booted = await rebootProduct(booted, environment);
    await waitUntil(async () => (await fetch(`${booted.url}/a/shop/`)).status === 200, 'the app is back');
    expect(await (await fetch(`${booted.url}/a/shop/`)).text()).toBe('two');
  });
});

function packageFolder(file: string): string {
  return existsSync(join(dirname(file), 'LICENSE')) ? dirname(file) : packageFolder(dirname(file));
}

function byHost(port: number, host: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = send({ host: '127.0.0.1', port, path, headers: { host } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
    asked.on('error', reject);
    asked.end();
  });
}
