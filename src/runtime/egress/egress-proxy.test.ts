import { createServer, request as send, type Server } from 'node:http';
import { type AddressInfo, connect, type LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { EgressAudit } from './egress-audit.ts';
import { type EgressPolicy, isEgressRule, ruleFor } from './egress-policy.ts';
import { EgressProxy } from './egress-proxy.ts';
import { judgeEgress } from './judge-egress.ts';
import { outboundHeaders, securedUrl } from './outbound-headers.ts';

const policyOf = (change: Partial<EgressPolicy> = {}): EgressPolicy => ({
  allow: [],
  headers: [],
  maxBytes: 1_000_000,
  services: {},
  ...change,
});

describe('an egress rule', () => {
  it('allows a name, or every name below one, on the usual ports or its own', () => {
    const policy = policyOf({ allow: ['api.example.com', '*.example.org', 'odd.example.net:8443'] });
    const allowed = (host: string, port = 443): boolean => ruleFor(policy, host, port) !== undefined;
    expect([allowed('API.example.com'), allowed('api.example.com.'), allowed('a.b.example.org', 80)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([allowed('example.org'), allowed('evil-example.org'), allowed('xapi.example.com')]).toEqual([
      false,
      false,
      false,
    ]);
    expect([allowed('api.example.com', 22), allowed('odd.example.net', 8443), allowed('odd.example.net')]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('is a name that the public could have', () => {
    expect(['example.com', '*.example.com', 'a.example.com:8443'].map(isEgressRule)).toEqual([true, true, true]);
    expect(
      ['*', '*.', 'localhost', '10.0.0.1', '::1', 'a..b.com', 'http://a.com', 'a.com:99999'].some(isEgressRule),
    ).toBe(false);
  });
});

describe('judging by name', () => {
  const judge = (url: string): string => {
    const { hostname, port, pathname } = new URL(url);
    return judgeEgress(policyOf({ allow: ['*.com'] }), { host: hostname, port: Number(port) || 80, path: pathname })
      .kind;
  };

  it.each([
    ['http://127.0.0.1/'],
    ['http://2130706433/'],
    ['http://0x7f.1/'],
    ['http://0177.0.0.1/'],
    ['http://[::1]/'],
    ['http://[::ffff:127.0.0.1]/'],
    ['http://169.254.169.254/latest/meta-data'],
    ['http://10.0.0.1/'],
    ['http://8.8.8.8/'],
  ])('[runtime hostile 18, 19, 20, 21, 22] denies the address %s', (url) => {
    expect(judge(url)).toBe('denied');
  });

  it('opens of a service of ours the named paths only', () => {
    const policy = policyOf({ services: { 'switchyard.internal': { origin: 'http://127.0.0.1:1', paths: ['/v1/'] } } });
    const judgePath = (path: string): string =>
      judgeEgress(policy, { host: 'switchyard.internal', port: 80, path }).kind;
    expect(['/v1/models', '/api/v1/apps', '/v1/../api/v1/apps', '/v1/%2e%2e/api'].map(judgePath)).toEqual([
      'service',
      'denied',
      'denied',
      'denied',
    ]);
  });
});

describe('headers that a proxy sends', () => {
  const policy = policyOf({ headers: [{ host: 'api.example.com', name: 'Authorization', value: 'Bearer real' }] });
  const sent = (target: string, isService = false): object =>
    outboundHeaders(
      {
        authorization: 'Bearer guest',
        connection: 'x-hop',
        'x-hop': '1',
        'x-switchyard-request-id': 'a',
        accept: '*/*',
      },
      { policy, url: new URL(target), isService },
    );

  it('hold a secret for its own host and over TLS only', () => {
    expect(sent('https://api.example.com/')).toEqual({
      host: 'api.example.com',
      authorization: 'Bearer real',
      accept: '*/*',
    });
    expect(sent('https://evil.example.com/')).toMatchObject({ authorization: 'Bearer guest' });
    expect(sent('http://api.example.com/')).toMatchObject({ authorization: 'Bearer guest' });
  });

  it('are put into what a guest asks for by plain http, over TLS', () => {
    const secured = (url: string): string => securedUrl(policy, new URL(url)).href;
    expect(secured('http://api.example.com/a?b')).toBe('https://api.example.com/a?b');
    expect(secured('http://api.example.com:8443/')).toBe('https://api.example.com:8443/');
    expect(secured('http://evil.example.com/')).toBe('http://evil.example.com/');
  });

  it('take every key of the guest away where ours is put', () => {
    expect(sent('http://switchyard.internal/', true)).toEqual({ host: 'switchyard.internal', accept: '*/*' });
  });
});

describe('the egress proxy', () => {
  const opened: { close(): unknown }[] = [];
  const audit: EgressAudit[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    audit.length = 0;
  });
  const toLoopback: LookupFunction = (_host, options, callback) => {
    const found = { address: '127.0.0.1', family: 4 };
    if (options.all === true) callback(null, [found]);
    else callback(null, found.address, found.family);
  };

  async function openHost(): Promise<number> {
    const server: Server = createServer((request, response) => {
      if (request.url === '/moved')
        return void response.writeHead(302, { location: 'http://127.0.0.1:1/secret' }).end();
      let bytes = 0;
      request.on('data', ({ length }: Buffer) => (bytes += length));
      request.on('end', () => response.end(`${request.method} ${request.headers.host} ${bytes}`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => (server.closeAllConnections(), server.close()) });
    return (server.address() as AddressInfo).port;
  }

  async function openProxy(policy: EgressPolicy, lookup?: LookupFunction): Promise<number> {
    const proxy = await EgressProxy.open({
      policy,
      listen: { port: 0 },
      app: 'shop',
      version: 'ver_1',
      clock: systemClock,
      audit: (entry) => void audit.push(entry),
      ...(lookup === undefined ? { resolve: toLoopback } : { lookup }),
    });
    opened.push(proxy);
    return proxy.port ?? 0;
  }

  const through = (port: number, path: string, body?: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method: body === undefined ? 'GET' : 'POST' };
      const sent = send(options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
        answer.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });

  it('carries a request to a host that its policy names, and writes it down', async () => {
    const host = await openHost();
    const port = await openProxy(policyOf({ allow: [`api.example.com:${host}`] }), toLoopback);
    expect(await through(port, `http://api.example.com:${host}/`, 'four')).toEqual({
      status: 200,
      text: `POST api.example.com:${host} 4`,
    });
    expect(audit).toMatchObject([{ verdict: 'allowed', host: 'api.example.com', status: 200, sentBytes: 4 }]);
  });

  it('[runtime hostile 18] never dials an address of this machine, whatever its name', async () => {
    const host = await openHost();
    const port = await openProxy(policyOf({ allow: [`api.example.com:${host}`] }));
    expect((await through(port, `http://api.example.com:${host}/`)).status).toBe(403);
    expect(audit).toMatchObject([{ verdict: 'denied', reason: expect.stringContaining('127.0.0.1') as string }]);
  });

  it('[runtime hostile 23] follows no redirect: the guest asks again and is denied', async () => {
    const host = await openHost();
    const port = await openProxy(policyOf({ allow: [`api.example.com:${host}`] }), toLoopback);
    expect((await through(port, `http://api.example.com:${host}/moved`)).status).toBe(302);
    expect((await through(port, 'http://127.0.0.1:1/secret')).status).toBe(403);
  });

  it('cuts what goes beyond its bytes', async () => {
    const host = await openHost();
    const port = await openProxy(policyOf({ allow: [`api.example.com:${host}`], maxBytes: 100 }), toLoopback);
    await expect(through(port, `http://api.example.com:${host}/`, 'x'.repeat(200))).rejects.toThrow();
    expect(audit).toMatchObject([{ verdict: 'cut' }]);
  });

  it('[runtime hostile 25] opens a tunnel to a listed host and port only', async () => {
    const host = await openHost();
    const port = await openProxy(policyOf({ allow: [`api.example.com:${host}`] }), toLoopback);
    const ask = (where: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () =>
          socket.write(`CONNECT ${where} HTTP/1.1\r\nhost: ${where}\r\n\r\n`),
        );
        socket.once('data', (chunk: Buffer) => {
          resolve(chunk.toString().split('\r\n')[0] ?? '');
          socket.destroy();
        });
        socket.on('error', reject);
      });
    expect(await ask(`api.example.com:${host}`)).toBe('HTTP/1.1 200 Connection established');
    expect(await ask('api.example.com:22')).toBe('HTTP/1.1 403 Forbidden');
    expect(await ask(`127.0.0.1:${host}`)).toBe('HTTP/1.1 403 Forbidden');
  });

  it('says what it takes to whoever speaks otherwise', async () => {
    const port = await openProxy(policyOf());
    expect((await through(port, '/relative')).status).toBe(400);
    expect((await through(port, 'ftp://example.com/')).status).toBe(400);
  });
});
