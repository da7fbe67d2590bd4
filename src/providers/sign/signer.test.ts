import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Endpoint, HostAuth } from '../../domain/calls/endpoint.ts';
import type { UpstreamRequest } from '../contract.ts';
import type { KeyHeader } from '../provider-definition.ts';
import { secretsOf } from './secrets-of.ts';
import { Signer } from './signer.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

const request: UpstreamRequest = {
  method: 'POST',
  origin: 'https://api.acme.example',
  path: '/v1/chat?x=1',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{}'),
};

function endpointWith(auth: HostAuth): Endpoint {
  return {
    id: 'acme/m',
    modelName: 'm',
    upstreamModel: 'm',
    weight: 1,
    price: undefined,
    limits: {},
    capabilities: {},
    host: {
      id: 'acme',
      protocol: 'openai-chat',
      providerId: 'acme',
      baseUrl: 'https://api.acme.example/v1',
      auth,
      timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
      headers: { 'X-Custom-Token': 'header-secret', 'HTTP-Referer': 'https://acme.example' },
      maxConnections: 1,
    },
  };
}

/** A clock that tests move by hand. */
class HandClock {
  atMs = Date.parse('2026-11-22T10:00:00Z');
  nowMs = (): number => this.atMs;
  monotonicMs = (): number => this.atMs;
}

describe('a plain key', () => {
  const cases: readonly [KeyHeader, string, string][] = [
    ['bearer', 'authorization', 'Bearer s3cret'],
    ['x-api-key', 'x-api-key', 's3cret'],
    ['x-goog-api-key', 'x-goog-api-key', 's3cret'],
    ['api-key', 'api-key', 's3cret'],
  ];
  test.each(cases)('goes out as %s', (keyHeader, header, value) => {
    const signer = new Signer({ clock: new HandClock() });
    const signed = signer.sign(request, endpointWith({ type: 'api-key', apiKey: 's3cret' }), keyHeader);
    expect(signed).toEqual({ ...request, headers: { ...request.headers, [header]: value } });
  });

  test('of Azure is a key or a bearer token', () => {
    const signer = new Signer({ clock: new HandClock() });
    const withKey = endpointWith({ type: 'azure', apiVersion: 'v1', apiKey: 'k' });
    const withBearer = endpointWith({ type: 'azure', apiVersion: 'v1', bearer: 'b' });
    expect(signer.sign(request, withKey, 'api-key')).toMatchObject({ headers: { 'api-key': 'k' } });
    expect(signer.sign(request, withBearer, 'api-key')).toMatchObject({ headers: { authorization: 'Bearer b' } });
  });

  test('is not invented for hosts without one', () => {
    expect(new Signer({ clock: new HandClock() }).sign(request, endpointWith({ type: 'none' }), 'bearer')).toBe(
      request,
    );
  });
});

describe('an AWS signature', () => {
  test('covers time, region, path and body, and nothing else changes', async () => {
    const clock = new HandClock();
    const signer = new Signer({ clock });
    const auth: HostAuth = { type: 'aws', region: 'eu-west-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrX' };
    const endpoint = endpointWith({ ...auth, sessionToken: 'session' });
    const call = { ...request, path: '/model/anthropic.claude%3A0/converse' };
    const sign = async (changes: Partial<UpstreamRequest>): Promise<string> => {
      const signed = await signer.sign({ ...call, ...changes }, endpoint, 'bearer');
      expect(signed).toMatchObject({ body: changes.body ?? call.body, path: changes.path ?? call.path });
      expect(signed.headers['x-amz-security-token']).toBe('session');
      return signed.headers['authorization'] ?? '';
    };
    const first = await sign({});
    expect(first).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261122\/eu-west-1\/bedrock\/aws4_request, SignedHeaders=.*host.*, Signature=[0-9a-f]{64}$/,
    );
    expect(await sign({})).toBe(first);
    expect(await sign({ body: Buffer.from('{ }') })).not.toBe(first);
    expect(await sign({ path: '/model/anthropic.claude%3A1/converse' })).not.toBe(first);
    clock.atMs += 1000;
    expect(await sign({})).not.toBe(first);
  });
});

describe('a Google token', () => {
  let server: Server;
  let tokenUrl: string;
  const asked: string[] = [];
  let answer: { status: number; body: string };

  beforeEach(async () => {
    asked.length = 0;
    answer = { status: 200, body: JSON.stringify({ access_token: 'ya29.first', expires_in: 3600 }) };
    server = createServer((incoming, outgoing) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
      incoming.on('end', () => {
        asked.push(text);
        outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    tokenUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const googleEndpoint = (key = privateKey): Endpoint =>
    endpointWith({
      type: 'google',
      clientEmail: 'robot@acme.example',
      privateKey: key,
      project: 'p',
      location: 'global',
      tokenUrl,
    });

  test('is fetched once for many callers, with an assertion that the account signed', async () => {
    const clock = new HandClock();
    const signer = new Signer({ clock });
    const signed = await Promise.all([1, 2, 3].map(() => signer.sign(request, googleEndpoint(), 'x-goog-api-key')));
    expect(signed.map(({ headers }) => headers['authorization'])).toEqual(Array(3).fill('Bearer ya29.first'));
    expect(asked).toHaveLength(1);
    const form = new URLSearchParams(asked[0]);
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const { payload } = await jwtVerify(form.get('assertion') ?? '', await importSPKI(publicKey, 'RS256'), {
      currentDate: new Date(clock.atMs),
    });
    expect(payload).toMatchObject({ iss: 'robot@acme.example', aud: tokenUrl, exp: clock.atMs / 1000 + 3600 });
  });

  test('is reused without waiting, renewed ahead of its end, and fetched anew after it', async () => {
    const clock = new HandClock();
    const signer = new Signer({ clock });
    const sign = () => signer.sign(request, googleEndpoint(), 'bearer');
    await sign();
    expect(sign()).not.toBeInstanceOf(Promise);
    answer.body = JSON.stringify({ access_token: 'ya29.second', expires_in: 3600 });
    clock.atMs += 56 * 60_000;
    expect(sign()).toMatchObject({ headers: { authorization: 'Bearer ya29.first' } });
    await expect.poll(sign).toMatchObject({ headers: { authorization: 'Bearer ya29.second' } });
    expect(asked).toHaveLength(2);
    answer.body = JSON.stringify({ access_token: 'ya29.third', expires_in: 3600 });
    clock.atMs += 2 * 3600_000;
    expect(await sign()).toMatchObject({ headers: { authorization: 'Bearer ya29.third' } });
  });

  test('that is refused is a fault of the credentials, and the next call asks again', async () => {
    const signer = new Signer({ clock: new HandClock() });
    answer = { status: 400, body: JSON.stringify({ error: 'invalid_grant', error_description: privateKey }) };
    const refused = Promise.resolve(signer.sign(request, googleEndpoint(), 'bearer'));
    await expect(refused).rejects.toMatchObject({ code: 'upstream_auth', upstreamStatus: 400 });
    answer = { status: 200, body: JSON.stringify({ access_token: 'ya29.ok', expires_in: 3600 }) };
    expect(await signer.sign(request, googleEndpoint(), 'bearer')).toMatchObject({
      headers: { authorization: 'Bearer ya29.ok' },
    });
  });

  test('endpoint that is down, silent or talks nonsense is the upstream’s fault', async () => {
    const sign = async () => new Signer({ clock: new HandClock() }).sign(request, googleEndpoint(), 'bearer');
    answer = { status: 503, body: '' };
    await expect(sign()).rejects.toMatchObject({ code: 'upstream_error' });
    answer = { status: 200, body: '{}' };
    await expect(sign()).rejects.toMatchObject({ code: 'upstream_malformed' });
    answer = { status: 200, body: '<html>' };
    await expect(sign()).rejects.toMatchObject({ code: 'upstream_malformed' });
    answer = { status: 200, body: 'x'.repeat(70_000) };
    await expect(sign()).rejects.toMatchObject({ code: 'upstream_malformed' });
    tokenUrl = 'http://127.0.0.1:1/token';
    await expect(sign()).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });

  test('cannot be asked for with a broken key, and the fault does not quote it', async () => {
    const broken = '-----BEGIN PRIVATE KEY-----\nMIIbroken\n-----END PRIVATE KEY-----';
    const failed = Promise.resolve(
      new Signer({ clock: new HandClock() }).sign(request, googleEndpoint(broken), 'bearer'),
    );
    const fault: unknown = await failed.catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'upstream_auth' });
    expect(JSON.stringify(fault)).not.toContain('MIIbroken');
    expect(asked).toHaveLength(0);
  });
});

test('the secrets of a host are its credentials and its secret headers, not its names', () => {
  const auth: HostAuth = { type: 'aws', region: 'r', accessKeyId: 'id', secretAccessKey: 'key', sessionToken: 'token' };
  expect(secretsOf(endpointWith(auth).host)).toEqual(['key', 'id', 'token', 'header-secret']);
  expect(secretsOf(endpointWith({ type: 'none' }).host)).toEqual(['header-secret']);
  const azure: HostAuth = { type: 'azure', apiVersion: 'v1', bearer: 'b' };
  expect(secretsOf(endpointWith(azure).host)).toEqual(['b', 'header-secret']);
});
