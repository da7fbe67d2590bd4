import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../../domain/calls/endpoint.ts';
import { startUpstreamCall } from '../attempts/upstream-call.ts';
import { bypassesProxy, createUpstreamPools, type NetworkSettings, type UpstreamPools } from './upstream-pools.ts';

describe('upstream pools', () => {
  let server: Server;
  let port = 0;
  let pools: UpstreamPools;
  let requests = 0;

  beforeEach(async () => {
    requests = 0;
    server = createServer((_request, response) => {
      requests += 1;
      // Each call dials anew, and so resolves anew.
      response.writeHead(200, { connection: 'close' }).end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    await pools.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function call(origin: string, host: Partial<Host> = {}): Promise<number> {
    const pool = pools.pool(hostOf(host), origin);
    if (!pool) throw new Error('the pool is full');
    const { statusCode, body } = await pool.request({ path: '/', method: 'GET' });
    await body.dump();
    return statusCode;
  }

  const open = (network: Partial<NetworkSettings> = {}): void => {
    pools = createUpstreamPools({ noProxy: [], ...network });
  };

  it('ends what runs when it closes, and opens nothing anew', async () => {
    open();
    const silent = createServer(() => void pools.close());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await expect(call(origin)).rejects.toThrow('destroyed');
    expect(pools.pool(hostOf({}), origin)).toBeUndefined();
    silent.close();
  });

  it('[scenario 73] refuses link-local addresses, written out or resolved', async () => {
    open({ resolve: (_name, _options, callback) => callback(null, [{ address: '169.254.169.254', family: 4 }]) });
    await expect(call('http://169.254.169.254')).rejects.toThrow('refused to connect to 169.254.169.254');
    await expect(call('http://[fe80::1]:8080')).rejects.toThrow('refused to connect to fe80::1');
    await expect(call('http://metadata.example')).rejects.toThrow('refused to connect to 169.254.169.254');
  });

  it('[scenario 73] refuses private addresses for hosts that must not have one', async () => {
    open({ resolve: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]) });
    const origin = `http://127.0.0.1:${port}`;
    expect(await call(origin)).toBe(200);
    await expect(call(origin, { allowPrivateAddress: false })).rejects.toThrow('private addresses are not allowed');
    await expect(call(`http://api.example:${port}`, { allowPrivateAddress: false })).rejects.toThrow('private');
    expect(requests).toBe(1);
  });

  it('[scenario 73] refuses a name that is re-resolved to a link-local address', async () => {
    const answers = ['127.0.0.1', '169.254.169.254'];
    open({
      resolve: (_name, _options, callback) => callback(null, [{ address: answers.shift() ?? '', family: 4 }]),
    });
    expect(await call(`http://rebound.example:${port}`)).toBe(200);
    await expect(call(`http://rebound.example:${port}`)).rejects.toThrow('refused to connect to 169.254.169.254');
    expect(requests).toBe(1);
  });

  it.each([false, true])(
    'takes no further call when too many wait for a connection (through a proxy: %s)',
    async (proxied) => {
      // Neither the upstream nor the proxy ever answers.
      const silent = createServer(() => undefined);
      silent.on('connect', () => undefined);
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      open({ ...(proxied && { proxyUrl: url }) });
      const origin = proxied ? 'http://upstream.example' : url;
      const host = hostOf({ maxConnections: 2 });
      let taken = 0;
      const waiting: Promise<unknown>[] = [];
      for (let pool = pools.pool(host, origin); pool && taken < 50; pool = pools.pool(host, origin)) {
        taken++;
        waiting.push(pool.request({ origin, path: '/', method: 'GET' }).catch(() => undefined));
      }
      expect(taken).toBeLessThan(10);
      await pools.close();
      silent.closeAllConnections();
      silent.close();
      await Promise.all(waiting);
    },
  );

  it('reaches an upstream through a proxy', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket: Socket) => {
      asked.push(request.url ?? '');
      const tunnel = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        tunnel.pipe(socket).pipe(tunnel);
      });
      tunnel.on('error', () => socket.destroy());
      socket.on('error', () => tunnel.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    open({ proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
    const origin = 'http://upstream.example';
    const pool = pools.pool(hostOf({}), origin);
    if (!pool) throw new Error('the pool is full');
    const status = await new Promise<number | Error>((resolve) => {
      let told = 0;
      startUpstreamCall(
        pool,
        { method: 'GET', origin, path: '/', headers: {}, body: undefined },
        {
          connected: () => undefined,
          headers: (answered) => void (told = answered),
          data: () => undefined,
          ended: () => resolve(told),
          failed: (_phase, error) => resolve(error),
          broke: (error) => resolve(error as Error),
        },
      );
    });
    expect(status).toBe(200);
    expect(asked).toEqual(['upstream.example:80']);
    proxy.close();
  });

  it('does not send a refused address to a proxy either', async () => {
    open({ proxyUrl: `http://127.0.0.1:${port}` });
    await expect(call('http://169.254.169.254')).rejects.toThrow('refused to connect');
    expect(requests).toBe(0);
  });

  it('says that a host is full before its queue grows beyond twice its connections', () => {
    open();
    const host = hostOf({ maxConnections: 1 });
    const origin = 'http://10.255.255.1';
    const calls = [1, 2, 3].map(() => pools.pool(host, origin)?.request({ path: '/', method: 'GET' }));
    for (const one of calls) one?.catch(() => undefined);
    expect(pools.pool(host, origin)).toBeUndefined();
    expect(pools.pool(hostOf({ id: 'other' }), origin)).toBeDefined();
  });

  it('bypasses the proxy for loopback and for listed names and suffixes', () => {
    expect(bypassesProxy('localhost', [])).toBe(true);
    expect(bypassesProxy('api.internal', ['.internal'])).toBe(true);
    expect(bypassesProxy('internal.example', ['.internal'])).toBe(false);
    expect(bypassesProxy('api.example', ['*'])).toBe(true);
  });
});

function hostOf(changes: Partial<Host>): Host {
  return {
    id: 'acme',
    protocol: 'openai-chat',
    providerId: 'generic-openai-chat',
    baseUrl: 'http://127.0.0.1/v1',
    auth: { type: 'none' },
    timeouts: { connectMs: 2000, firstTokenMs: 2000, idleMs: 2000, totalMs: 2000 },
    headers: {},
    maxConnections: 8,
    ...changes,
  };
}
