import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SandboxRecord } from '../../runtime/index.ts';
import { readMessage } from './connect-protocol.ts';
import { readCreate, readTtl } from './create-body.ts';
import { listPage } from './list-page.ts';
import { refusalOf } from './refusals.ts';
import { isExpired, isSignedBy, readSigned } from './signature.ts';

const record = (number: number, more: Partial<SandboxRecord> = {}): SandboxRecord => ({
  id: `sbx${String(number).padStart(32, '0')}`,
  key: 'k',
  customer: 'c',
  template: 'base',
  metadata: {},
  environment: {},
  accessToken: 'a',
  trafficToken: 't',
  startedAtMs: 1000 * Math.floor(number / 2),
  endsAtMs: 0,
  ttlMs: 0,
  state: 'running',
  pausedAtMs: null,
  onTimeout: 'kill',
  autoResume: false,
  publicTraffic: true,
  ...more,
});

describe('pages of sandboxes', () => {
  const all = Array.from({ length: 25 }, (_, at) => record(at));

  it.each(['asc', 'desc'])('show each once, %s, also when some end meanwhile', (order) => {
    let left = all;
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ limit: '4', order, ...(token !== undefined && { nextToken: token }) });
      const page = listPage(left, query);
      seen.push(...page.records.map(({ id }) => id));
      // The one that the token names is gone when the next page is asked for.
      left = left.filter(({ id }) => id !== page.records.at(-1)?.id);
      token = page.nextToken;
    } while (token !== undefined);
    const ids = all.map(({ id }) => id);
    expect(seen).toEqual(order === 'asc' ? ids : ids.reverse());
  });

  it('are filtered by metadata that is encoded twice, by state, template and start', () => {
    const some = [record(1, { metadata: { 'a b': 'c&d' } }), record(2, { state: 'paused' }), record(30)];
    const inner = new URLSearchParams({ [encodeURIComponent('a b')]: encodeURIComponent('c&d') }).toString();
    const ids = (query: Record<string, string>): string[] =>
      listPage(some, new URLSearchParams(query)).records.map(({ id }) => id);
    expect(ids({ metadata: inner })).toEqual([some[0]?.id]);
    expect(ids({ state: 'paused' })).toEqual([some[1]?.id]);
    expect(ids({ template: 'other' })).toEqual([]);
    expect(ids({ startedAfter: new Date(14_000).toISOString() })).toEqual([some[2]?.id]);
    expect(ids({ metadata: 'constructor=Object' })).toEqual([]);
  });

  it.each(['nextToken=!', 'limit=0', 'limit=x', 'startedAfter=soon', 'metadata=%2525%3D%2525'])(
    'refuse %s',
    (query) => {
      expect(() => listPage(all, new URLSearchParams(query))).toThrow(/`/);
    },
  );
});

describe('what a sandbox is asked for with', () => {
  it('is read, and absent times are not zero', () => {
    const body = { templateID: 'base', timeout: 15, metadata: { a: 'b' }, envVars: { X: '' }, autoPause: true };
    expect(readCreate(body)).toMatchObject({
      ttlMs: 15_000,
      metadata: { a: 'b' },
      environment: { X: '' },
      onTimeout: 'pause',
    });
    expect([readTtl({}), readTtl({ timeout: 0 })]).toEqual([undefined, 0]);
  });

  it.each([
    { timeout: -1 },
    { timeout: '5' },
    { metadata: { a: 1 } },
    { envVars: { 'A=B': 'x' } },
    { envVars: { A: 'x\0' } },
    { templateID: 7 },
    [],
    'text',
  ])('is refused when it is wrong: %o', (body) => {
    expect(() => readCreate(body)).toThrow(expect.objectContaining({ code: 'invalid_request' }) as Error);
  });

  it.each([
    { mcp: {} },
    { templateID: 'mcp-gateway' },
    { iam: { tokens: {} } },
    { volumeMounts: [{ name: 'v', path: '/v' }] },
    { allow_internet_access: true },
    { network: { allowOut: ['example.com'] } },
    { network: { denyOut: ['10.0.0.0/8'] } },
    { network: { rules: { 'example.com': [] } } },
  ])('is refused with a reason when it is not supported: %o', (body) => {
    expect(() => readCreate(body)).toThrow(/\(501\)$/);
  });

  it('may say that the network is denied, which it is', () => {
    const network = { denyOut: ['0.0.0.0/0'], allowPublicTraffic: false };
    expect(readCreate({ allow_internet_access: false, network })).toMatchObject({ publicTraffic: false });
  });

  it('names a template that exists', () => {
    expect(() => readCreate({ templateID: 'mine' })).toThrow(expect.objectContaining({ code: 'not_found' }) as Error);
  });
});

describe('signed addresses', () => {
  const sign = (text: string): string => `v1_${createHash('sha256').update(text).digest('base64').replace(/=+$/, '')}`;

  it('hold for their path, user, time and direction only', () => {
    const signature = sign('a b+c.txt:read:root:token:100');
    const query = { path: 'a b+c.txt', username: 'root', signature, signature_expiration: '100' };
    const holds = (changed: Partial<typeof query>, operation: 'read' | 'write' = 'read'): boolean => {
      const signed = readSigned(
        new URLSearchParams(new URLSearchParams({ ...query, ...changed }).toString()),
        operation,
      );
      return signed !== undefined && isSignedBy(signed, 'token');
    };
    expect(holds({})).toBe(true);
    expect(holds({}, 'write')).toBe(false);
    for (const changed of [
      { path: 'x' },
      { username: 'user' },
      { signature_expiration: '101' },
      { signature: 'v1_' },
    ]) {
      expect(holds(changed), JSON.stringify(changed)).toBe(false);
    }
  });

  it('end at their second, and at once when it is none', () => {
    const base = { path: '', operation: 'read' as const, user: '', signature: 'x' };
    const signed = (expiration: string): typeof base & { expiration: string } => ({ ...base, expiration });
    expect([isExpired(signed('100'), 99_999), isExpired(signed('100'), 100_000)]).toEqual([false, true]);
    expect(isExpired(signed('1e9'), 0)).toBe(true);
  });
});

describe('messages', () => {
  const enveloped = (text: string, size = text.length): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(size, 1);
    return Buffer.concat([head, Buffer.from(text)]);
  };

  it('are read from their envelope', () => {
    expect(readMessage(enveloped('{"a":1}'), true)).toEqual({ a: 1 });
    expect(readMessage(enveloped(''), true)).toEqual({});
    expect(readMessage(Buffer.from('{}'), false)).toEqual({});
  });

  it.each([
    ['cut', enveloped('{}', 10)],
    ['no envelope', Buffer.from('{')],
    ['no JSON', enveloped('{')],
    ['no object', enveloped('[]')],
  ])('that are %s are refused', (_name, bytes) => {
    expect(() => readMessage(bytes, true)).toThrow(expect.objectContaining({ code: 'invalid_argument' }) as Error);
  });
});

describe('what is not supported', () => {
  it.each([
    ['/sandboxes/x/fork', 'fork'],
    ['/v2/sandboxes/x/logs', 'logs'],
    ['/v3/templates', 'templates'],
    ['/templates/x', 'templates'],
    ['/snapshots', 'snapshots'],
    ['/volumes', 'volumes'],
    ['/secrets/x', 'secrets'],
    ['/sandboxes', undefined],
    ['/nothing', undefined],
  ])('is known by its path: %s', (path, refusal) => {
    expect(refusalOf(path)).toBe(refusal);
  });
});
