import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/index.ts';
import type { Observation } from '../price-book/observation.ts';
import { CatalogPoll } from './catalog-poll.ts';
import { catalogFormats } from './contract.ts';
import { fetchCatalog } from './fetch-catalog.ts';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/catalog.json`;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function table(...models: string[]): string {
  const rows = models.map((model) => [`openai/${model}`, { litellm_provider: 'openai', input_cost_per_token: 1e-6 }]);
  return JSON.stringify(Object.fromEntries(rows));
}

describe('a catalog that is fetched', () => {
  it('is read, plain or compressed, and named by its digest', async () => {
    const url = await serve((_request, response) => void response.setHeader('etag', '"1"').end(gzipSync(table('a'))));
    expect(await fetchCatalog(url)).toMatchObject({
      status: 'read',
      etag: '"1"',
      catalog: { format: 'litellm', rows: 1 },
    });
  });

  it.each([
    [
      'an error',
      (url: string): RequestListener =>
        (_, response) =>
          void response.writeHead(503, { via: url }).end('x'),
      '503',
    ],
    [
      'a redirect',
      (): RequestListener => (_, response) => void response.writeHead(302, { location: '/b' }).end(),
      '/b',
    ],
    ['something else', (): RequestListener => (_, response) => void response.end('<html>'), 'no catalog'],
    ['too much', (): RequestListener => (_, response) => void response.end('x'.repeat(2000)), 'larger'],
    [
      'half of it',
      (): RequestListener => (_, response) => void response.writeHead(200, { 'content-length': 9 }).end('x'),
      '',
    ],
    ['silence', (): RequestListener => () => undefined, 'aborted'],
  ])('that answers with %s fails with the reason', async (_name, listener, reason) => {
    const fetched = await fetchCatalog(await serve(listener('x')), { maxBytes: 1000, timeoutMs: 300 });
    expect(fetched).toMatchObject({ status: 'failed', problem: expect.stringContaining(reason) });
  });

  it('that unpacks to more than its limit fails', async () => {
    const url = await serve((_request, response) => void response.end(gzipSync('x'.repeat(1_000_000))));
    expect(await fetchCatalog(url, { maxBytes: 10_000 })).toMatchObject({ status: 'failed' });
  });
});

describe('a catalog that is polled', () => {
  it('is taken in once per state, tells what is gone, and keeps the last good state through failures', async () => {
    const answers: RequestListener[] = [];
    const tags: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      tags.push(request.headers['if-none-match']);
      answers.shift()?.(request, response);
    });
    const taken: Observation[][] = [];
    const problems: string[] = [];
    let nowMs = 1000;
    const poll = new CatalogPoll([{ url }], {
      clock: { nowMs: () => nowMs, monotonicMs: () => 0 },
      ingest: (observations) => Promise.resolve(void taken.push([...observations])),
      failed: (_url, problem) => problems.push(problem),
    });
    const ask = async (answer: RequestListener): Promise<void> => {
      answers.push(answer);
      await poll.refresh();
      nowMs += 1000;
    };

    await ask((_, response) => void response.setHeader('etag', '"1"').end(table('a', 'b', 'c')));
    await ask((_, response) => void response.writeHead(304).end());
    await ask((_, response) => void response.writeHead(500).end());
    await ask((_, response) => void response.end('{'));
    await ask((_, response) => void response.end(table('a')));
    expect(poll.state()).toMatchObject([
      { lastGoodAtMs: 2000, endpoints: 3, problem: expect.stringContaining('shrank') },
    ]);
    expect(problems).toHaveLength(3);
    await ask((_, response) => void response.end(table('a', 'c')));
    expect(poll.state()).toMatchObject([{ lastGoodAtMs: 6000, endpoints: 2, problem: undefined }]);

    expect(tags).toEqual([undefined, '"1"', '"1"', '"1"', '"1"', '"1"']);
    expect(taken.map((one) => one.map(({ kind, source, atMs }) => [kind, source, atMs]))).toEqual([
      [1, 2, 3].map(() => ['quote', 'litellm', 1000]),
      [...[1, 2].map(() => ['quote', 'litellm', 6000]), ['removed', 'litellm', 6000]],
    ]);
    expect(taken[1]?.[2]).toMatchObject({ endpointId: 'openai/b' });
  });

  it('is asked again when what it said could not be stored', async () => {
    const tags: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      tags.push(request.headers['if-none-match']);
      response.setHeader('etag', '"1"').end(table('a'));
    });
    let attempts = 0;
    const poll = new CatalogPoll([{ url }], {
      clock: { nowMs: () => 0, monotonicMs: () => 0 },
      ingest: () => (++attempts === 1 ? Promise.reject(new Error('the database is down')) : Promise.resolve()),
      failed: () => undefined,
    });
    await poll.refresh();
    expect([attempts, poll.state()[0]?.problem]).toEqual([1, 'the database is down']);
    await poll.refresh();
    expect([attempts, poll.state()[0]?.problem]).toEqual([2, undefined]);
    await poll.refresh();
    expect([attempts, tags]).toEqual([3, [undefined, undefined, '"1"']]);
  });
});

describe('the configuration', () => {
  it('knows every format that can be read, and no other', () => {
    const read = (format: string): boolean =>
      parseConfig(`catalog: { sources: [{ url: "https://a.example/x.json", format: ${format} }] }`).config !==
      undefined;
    expect(catalogFormats.filter((format) => !read(format))).toEqual([]);
    expect(read('other')).toBe(false);
    expect(parseConfig('catalog: { refreshHours: 6 }').config?.catalog).toEqual({ sources: [], refreshHours: 6 });
  });
});
