import { request } from 'node:http';
import { connect } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStatusHandler } from '../../src/http/index.ts';
import { startProduct } from '../../src/main.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { type RawUpstream, startRawUpstream } from './support/raw-upstream.ts';

const messages = [{ role: 'user', content: 'reply:ok' }];

/** A request with exactly these headers, as no fetch would send them. */
function send(
  url: string,
  { method = 'POST', headers = {}, body = JSON.stringify({ model: 'sim/small', messages }) }: SendOptions,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent: false, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (piece: string) => (text += piece));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(method === 'GET' ? undefined : body);
  });
}

interface SendOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Sends bytes on a socket and leaves it open; resolves with what came until the server closed it. */
function sendBytes(port: number, text: string): Promise<{ text: string; afterMs: number }> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(text));
    let received = '';
    socket.on('data', (piece) => (received += piece.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ text: received, afterMs: performance.now() - startedMs }));
  });
}

describe('a gateway without keys', () => {
  let booted: BootedProduct;
  beforeAll(async () => {
    booted = await bootProduct('');
  });
  afterAll(() => booted.close());

  it('[scenario 72] refuses to start on an address that others can reach', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'switchyard-open-'));
    const configFile = join(directory, 'switchyard.yaml');
    const start = (host: string | undefined): Promise<unknown> =>
      startProduct({ configFile, host, port: 0, dataDirectory: join(directory, 'data'), environment: {} });
    for (const host of ['0.0.0.0', '::', '192.168.1.7']) {
      writeFileSync(configFile, 'log: { level: silent }\n');
      await expect(start(host)).rejects.toThrow(`Refusing to listen on ${host} without keys`);
      writeFileSync(configFile, `server: { host: "${host}" }\n`);
      await expect(start(undefined)).rejects.toThrow(`Refusing to listen on ${host} without keys`);
    }
    rmSync(directory, { recursive: true, force: true });
  });

  it.each([
    ['a rebound name', { host: 'evil.example:8787' }],
    ['a name that only begins like ours', { host: 'localhost.evil.example' }],
    ['a foreign page', { origin: 'https://evil.example' }],
    ['a page in a sandbox', { origin: 'null' }],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another port', { 'sec-fetch-site': 'same-site' }],
  ])('does not serve %s', async (_who, headers) => {
    for (const path of ['/v1/chat/completions', '/v1/messages', '/v1beta/models/sim%2Fsmall:generateContent']) {
      const { status, text } = await send(`${booted.url}${path}`, { headers });
      expect(status).toBe(403);
      expect(text).toMatch(/without keys/i);
    }
    expect((await send(`${booted.url}/v1/models`, { method: 'GET', headers })).status).toBe(403);
  });

  it('serves programs of the same machine', async () => {
    const { port } = new URL(booted.url);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      expect((await send(`${booted.url}/v1/chat/completions`, { headers: { host } })).status).toBe(200);
    }
    const origin = booted.url;
    expect((await send(`${booted.url}/v1/chat/completions`, { headers: { origin } })).status).toBe(200);
  });

  it('still wants the owner token for its control API', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${booted.product.ownerToken}`]) {
      const { status } = await send(`${booted.url}/api/v1/live`, { method: 'GET', headers: { authorization } });
      expect(status).toBe(401);
    }
    expect((await booted.control('/api/v1/live')).httpStatus).toBe(200);
  });

  it('wants it for metrics too, once asked from elsewhere', () => {
    const handler = createStatusHandler({
      metrics: createMetrics(),
      notReady: () => undefined,
      isOwner: (token) => token === 'right',
    });
    const ask = (remoteAddress: string, authorization: string): number => {
      let status = 0;
      const asked = { url: '/metrics', headers: { authorization }, socket: { remoteAddress } };
      const response = { writeHead: (code: number) => (status = code), end: () => undefined };
      handler(asked as never, response as never);
      return status;
    };
    expect(ask('127.0.0.1', '')).toBe(200);
    expect(ask('::ffff:127.0.0.1', '')).toBe(200);
    expect(ask('10.0.0.9', '')).toBe(401);
    expect(ask('10.0.0.9', 'Bearer wrong')).toBe(401);
    expect(ask('10.0.0.9', 'Bearer right')).toBe(200);
  });
});

describe('limits of what a client may send', () => {
  let booted: BootedProduct;
  beforeAll(async () => {
    const limits =
      'maxBodyBytes: 4096, maxHeaderBytes: 8192, headersTimeoutMs: 1000, bodyTimeoutMs: 1000, maxJsonDepth: 32';
    booted = await bootProduct(`server: { ${limits} }\n`);
  });
  afterAll(() => booted.close());

  const routes = [
    ['/v1/chat/completions', (error: Body): unknown => error.error?.code],
    ['/v1/responses', (error: Body): unknown => error.error?.code],
    ['/v1/messages', (error: Body): unknown => error.type === 'error' && error.error?.type],
    ['/v1beta/models/m:generateContent', (error: Body): unknown => error.error?.status],
  ] as const;
  interface Body {
    readonly type?: string;
    readonly error?: { readonly code?: unknown; readonly type?: string; readonly status?: string };
  }

  it.each(routes)('%s: a body over the limit is refused in the dialect', async (path, codeOf) => {
    const { status, text } = await send(`${booted.url}${path}`, { body: Buffer.alloc(5000, ' ') });
    expect(status).toBe(413);
    expect(codeOf(JSON.parse(text) as Body)).toBeTruthy();
  });

  it.each(routes)('%s: [scenario 55] a body nested too deep is refused within 50 ms', async (path, codeOf) => {
    const deep = `{"model":"sim/small","response_format":${'{"a":'.repeat(600)}1${'}'.repeat(600)}}`;
    let fastestMs = Number.POSITIVE_INFINITY;
    // The fastest of a few: another process on the machine is not what is measured.
    for (let run = 0; run < 5; run += 1) {
      const startedMs = performance.now();
      const { status, text } = await send(`${booted.url}${path}`, { body: deep });
      fastestMs = Math.min(fastestMs, performance.now() - startedMs);
      expect(status).toBe(400);
      expect(codeOf(JSON.parse(text) as Body)).toBeTruthy();
      expect(text).toContain('nested deeper than 32 levels');
    }
    expect(fastestMs).toBeLessThan(50);
  });

  it.each(routes)('%s: a body that never ends is refused in the dialect', async (path, codeOf) => {
    const port = Number(new URL(booted.url).port);
    const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{"a"`;
    const { text } = await sendBytes(port, head);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(
      codeOf(
        JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '')) as Body,
      ),
    ).toBeTruthy();
  });

  it('heads over the limit, broken ones and slow ones are answered plainly and closed', async () => {
    const port = Number(new URL(booted.url).port);
    const large = await sendBytes(port, `GET /v1/models HTTP/1.1\r\nhost: a\r\nx-large: ${'x'.repeat(10_000)}\r\n\r\n`);
    expect(large.text).toMatch(/^HTTP\/1\.1 431 /);
    const twice = 'POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello';
    expect((await sendBytes(port, twice)).text).toMatch(/^HTTP\/1\.1 400 /);
    const both =
      'POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello';
    expect((await sendBytes(port, both)).text).toMatch(/^HTTP\/1\.1 400 /);
    const slow = await sendBytes(port, 'GET /v1/models HTTP/1.1\r\nhost: a\r\nx-slow: ');
    expect(slow.text).toMatch(/^HTTP\/1\.1 408 /);
    expect(slow.afterMs).toBeGreaterThan(900);
  });
});

describe('where a call may go', () => {
  let raw: RawUpstream;
  let other: FakeUpstream;
  let booted: BootedProduct;
  beforeAll(async () => {
    other = await startFakeUpstream();
    raw = await startRawUpstream(({ response }) => {
      response.writeHead(307, { location: `${other.baseUrl}/chat/completions` }).end();
    });
    const timeouts = 'timeouts: { connectMs: 500, totalMs: 3000 }';
    booted = await bootProduct(
      `
hosts:
  redirecting: { protocol: openai-chat, baseUrl: "${raw.baseUrl}", apiKey: env:PROVIDER_KEY }
  metadata: { protocol: openai-chat, baseUrl: "http://169.254.169.254/latest", ${timeouts} }
  inside: { protocol: openai-chat, baseUrl: "${other.baseUrl}", allowPrivateAddress: false, ${timeouts} }
models:
  redirected: { endpoints: [{ host: redirecting, model: m }] }
  metadata: { endpoints: [{ host: metadata, model: m }] }
  inside: { endpoints: [{ host: inside, model: m }] }
`,
      { PROVIDER_KEY: 'sk-never-to-another-origin' },
    );
  });
  afterAll(async () => {
    await booted.close();
    await Promise.all([raw.close(), other.close()]);
  });

  it.each(['redirected', 'metadata', 'inside'])('[scenario 73] %s: nothing is sent there', async (model) => {
    for (const stream of [false, true]) {
      const body = JSON.stringify({ model, stream, messages });
      const { status, text } = await send(`${booted.url}/v1/chat/completions`, { body });
      expect(status).toBe(502);
      expect(text).not.toContain('sk-never');
    }
    expect(other.stats().requests).toBe(0);
  });
});
