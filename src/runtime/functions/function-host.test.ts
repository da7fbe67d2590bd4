import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import type { ExchangeOutcome } from './function-exchange.ts';
import { findEngines } from './find-engines.ts';
import { FunctionHost } from './function-host.ts';
import { defaultLimits, type FunctionLimits, type FunctionReceipt, type FunctionSpec } from './function-spec.ts';
import type { ProcessUse } from './function-instance.ts';
import type { ProcessLine } from './function-process.ts';

const engines = findEngines(process.env);
const module = `
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === '/spin') for (;;);
    if (url.pathname === '/microtasks') { const spin = () => Promise.resolve().then(spin); await spin(); }
    if (url.pathname === '/throw') throw new Error('planted ' + env.TOKEN);
    if (url.pathname === '/never') await scheduler.wait(60_000);
    if (url.pathname === '/large') return new Response('x'.repeat(5000));
    if (url.pathname === '/heap') { const kept = []; for (;;) kept.push(new Array(1000).fill(kept.length)); }
    if (url.pathname === '/out') return fetch('http://127.0.0.1:' + url.searchParams.get('port'));
    if (url.pathname === '/echo') return new Response(await request.text());
    console.log('line one\\n{"level":"error"} ' + env.TOKEN);
    return new Response(env.GREETING + ' ' + url.pathname);
  },
  async scheduled(event) { console.log('tick ' + event.cron + ' ' + event.scheduledTime); },
};`;

describe.skipIf(engines.workerd === undefined)('a function', () => {
  const root = mkdtempSync(join(tmpdir(), 'sy-fn-'));
  const newId = createIdSource(systemClock, createSystemRandom());
  const lines: ProcessLine[] = [];
  const receipts: FunctionReceipt[] = [];
  const used: (ProcessUse & { readonly version: string })[] = [];
  const host = new FunctionHost({
    engines,
    root,
    clock: systemClock,
    newId: () => newId('f').slice(-16),
    line: (_spec, line) => void lines.push(line),
    audit: () => undefined,
    receipt: (receipt) => void receipts.push(receipt),
    used: ({ version }, use) => void used.push({ version, ...use }),
  });
  const outcomes: ExchangeOutcome[] = [];
  let front: Server;
  let url: string;
  beforeAll(async () => {
    front = createServer((request, response) => {
      const [, version = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
      const ready = host.acquire(specOf(version));
      void Promise.resolve(ready).then(
        (instance) =>
          instance.forward({
            request,
            response,
            path,
            headers: { host: 'app.test', 'x-switchyard-request-id': 'req_1', ...lengthOf(request.headers) },
            answerHeaders: { 'x-ours': '1' },
            done: (outcome) => void outcomes.push(outcome),
          }),
        (error: Error) => response.writeHead(599).end(error.message),
      );
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await host.close(0);
    front.closeAllConnections();
    front.close();
    expect(readdirSync(root)).toEqual([]);
    rmSync(root, { recursive: true });
  });

  const limits: { readonly [version: string]: Partial<FunctionLimits> } = {
    quick: { cpuMs: 300 },
    short: { wallMs: 200 },
    small: { maxResponseBytes: 1000, maxRequestBytes: 10 },
    worn: { recycleRequests: 5 },
    tight: { heapMb: 32 },
  };
  const sources: { readonly [version: string]: string } = {
    broken: 'import nothing from "./missing.mjs"; export default {};',
    endless: 'for (;;);',
    surroundings: `import { env as imported } from 'cloudflare:workers';
      import process from 'node:process';
      const early = imported.GREETING;
      export default { fetch: (request, env) => Response.json([early, env.GREETING, process.env.GREETING, Object.keys(env)]) };`,
    importing: `export default { async fetch(request) {
      try { await import('./' + request.url.length + '.mjs'); } catch (error) { return new Response(String(error)); }
    } };`,
  };
  const specOf = (version: string): FunctionSpec => ({
    app: 'shop',
    version,
    source: Buffer.from(sources[version] ?? module),
    environment: { GREETING: 'hi "there"\\ ü', TOKEN: 'secret-value' },
    secrets: ['secret-value'],
    limits: { ...defaultLimits, startMs: version === 'endless' ? 300 : 10_000, ...limits[version] },
  });
  const lengthOf = (headers: { readonly 'content-length'?: string }): { [name: string]: string } =>
    headers['content-length'] === undefined ? {} : { 'content-length': headers['content-length'] };

  /** What a process says and how it ended arrives on its own pipe, some time after the answer. */
  const seen = (list: readonly object[], wanted: object): Promise<void> =>
    expect.poll(() => list.at(-1)).toMatchObject(wanted);

  it('says what separates it from everything else, as probed', async () => {
    const report = await host.probe();
    expect(report.steps.map(({ name, held }) => [name, held])).toEqual([
      ['starts', true],
      ['requests to loopback end inside', true],
      ['no connection by sockets', true],
      ['no code from text', true],
      ['no file of the host', true],
    ]);
    expect(report.isolation.tier).toBe(engines.bwrap === undefined ? 'language' : 'sandbox-rlimit');
  });

  it('answers, gets its environment exactly, and logs with the id of the request', async () => {
    const answer = await fetch(`${url}/one/hello`);
    expect([answer.status, await answer.text(), answer.headers.get('x-ours')]).toEqual([
      200,
      'hi "there"\\ ü /hello',
      '1',
    ]);
    const text = 'line one\n{"level":"error"} secret-value';
    await seen(lines, { level: 'info', text, requestId: 'req_1', stream: 'stdout', dropped: 0 });
    const echoed = await fetch(`${url}/one/echo`, { method: 'POST', body: 'body' });
    expect(await echoed.text()).toBe('body');
  });

  it('finds its environment wherever apps look for it, from the first line on', async () => {
    const greeting = 'hi "there"\\ ü';
    const seenThere: unknown = await (await fetch(`${url}/surroundings/`)).json();
    expect(seenThere).toEqual([greeting, greeting, greeting, ['GREETING', 'TOKEN']]);
  });

  it('tells what its process uses, while it runs and at its end', async () => {
    await (await fetch(`${url}/counted/hello`)).text();
    const sumOf = (field: keyof ProcessUse): number =>
      used.filter(({ version }) => version === 'counted').reduce((sum, one) => sum + one[field], 0);
    await expect.poll(() => sumOf('wallMs')).toBeGreaterThan(0);
    const memoryMib = sumOf('memoryMibMs') / sumOf('wallMs');
    expect(memoryMib).toBeGreaterThan(5);
    expect(memoryMib).toBeLessThan(1024);
    const told = used.length;
    host.retire(specOf('counted'), 0);
    await expect.poll(() => used.length).toBeGreaterThan(told);
  });

  it('that throws answers 500 and counts as failed, with its stack in the log', async () => {
    expect((await fetch(`${url}/one/throw`)).status).toBe(500);
    expect(outcomes.at(-1)).toEqual({ status: 500, hasFailed: true });
    await seen(lines, { text: expect.stringContaining('Error: planted') as string, requestId: 'req_1' });
  });

  it('reaches nothing on this machine', async () => {
    const answer = await fetch(`${url}/one/out?port=${new URL(url).port}`);
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('egress_denied')]);
  });

  it.each([['spin'], ['microtasks']])('[runtime hostile 29, 30] that keeps its thread is ended: %s', async (path) => {
    const neighbour = fetch(`${url}/one/hello`);
    const answer = await fetch(`${url}/quick/${path}`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.json()).toMatchObject({ code: 'cpu_exceeded' });
    await seen(receipts, { version: 'quick', code: 'cpu_exceeded', allowed: 300 });
    expect((await neighbour).status).toBe(200);
    expect((await fetch(`${url}/quick/hello`)).status).toBe(200);
  });

  it('[runtime hostile 33] that fills its heap is ended, and starts again', async () => {
    expect((await fetch(`${url}/tight/heap`)).status).toBe(503);
    await seen(receipts, { version: 'tight', code: 'memory_exceeded' });
    expect((await fetch(`${url}/tight/hello`)).status).toBe(200);
  });

  it('[runtime hostile 39] that never answers is told so by status, and lives on', async () => {
    const answer = await fetch(`${url}/short/never`);
    expect([answer.status, outcomes.at(-1)?.limit]).toEqual([504, 'wall_exceeded']);
    expect((await fetch(`${url}/short/hello`)).status).toBe(200);
  });

  it('sends and takes no more than it may', async () => {
    expect((await fetch(`${url}/small/large`)).status).toBe(502);
    expect((await fetch(`${url}/small/echo`, { method: 'POST', body: 'more than ten' })).status).toBe(413);
  });

  it('that is worn is replaced while requests go on', async () => {
    const before = await host.acquire(specOf('worn'));
    let isReplaced = false;
    while (!isReplaced) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => fetch(`${url}/worn/hello`)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      isReplaced = host.running(specOf('worn')) !== before;
    }
    await before.gone;
  });

  it('takes events, and tells what handlers it has', async () => {
    const instance = await host.acquire(specOf('one'));
    expect(instance.handlers).toEqual({ fetch: true, scheduled: true });
    expect(await instance.tell({ id: 'tick_1', cron: '0 * * * *', scheduledTime: 5 })).toEqual({
      isDone: true,
      detail: '',
    });
    await seen(lines, { text: 'tick 0 * * * * 5', requestId: 'tick_1' });
  });

  it('that cannot be loaded says why, and is not started again and again', async () => {
    expect(await (await fetch(`${url}/broken/`)).text()).toContain('missing.mjs');
    await fetch(`${url}/broken/`);
    expect(await (await fetch(`${url}/broken/`)).text()).toContain('ended several times');
    // A busy machine does not come as far as its module in that time.
    expect(await (await fetch(`${url}/endless/`)).text()).toMatch(/could not be loaded in time|did not start within/);
  });

  it('takes a process that was made ahead, and asks us for nothing once it has its module', async () => {
    await host.spared();
    const before = readdirSync(root);
    await expect(fetch(`${url}/ahead/hello`).then((answer) => answer.text())).resolves.toBe('hi "there"\\ ü /hello');
    await host.spared();
    // The one made ahead has its app, and the next one has taken its place.
    expect(readdirSync(root).filter((folder) => !before.includes(folder))).toHaveLength(1);
    expect(await (await fetch(`${url}/importing/`)).text()).toContain('No such module');
    expect(lines.filter(({ text }) => text.includes('Fallback'))).toEqual([]);
  });

  it('leaves neither process nor folder when it is retired', async () => {
    const instance = await host.acquire(specOf('gone'));
    host.retire(specOf('gone'));
    await instance.gone;
    expect(existsSync(join(root, 'gone'))).toBe(false);
    expect(host.running(specOf('gone'))).toBeUndefined();
  });
});
