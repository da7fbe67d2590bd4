import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Endpoint, HostAuth } from '../../domain/calls/endpoint.ts';
import { bedrockAddressing } from '../addressing/bedrock-addressing.ts';
import type { UpstreamRequest } from '../contract.ts';
import { AwsSigner } from './sign-aws.ts';

type AwsAuth = Extract<HostAuth, { type: 'aws' }>;

/** What goes into a signature, as AWS describes it step by step. */
interface Signable {
  readonly method: string;
  /** As sent, already percent-encoded. */
  readonly path: string;
  readonly query?: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
}

/** The four parts of a credential scope, and its secret. */
interface Scope {
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly secret: string;
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** Every service but S3 encodes each segment of the path as sent once more. */
const canonicalPath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

function canonicalRequest({ method, path, query = '', headers, body }: Signable): string {
  const names = Object.keys(headers).toSorted();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  return [method, canonicalPath(path), query, lines, names.join(';'), sha256(body)].join('\n');
}

function signature(request: Signable, { date, region, service, secret }: Scope): string {
  const day = date.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalRequest(request))].join('\n');
  const key = [region, service, 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${secret}`, day));
  return hmac(key, toSign).toString('hex');
}

/** The example account of AWS's documentation. */
const exampleSecret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

describe('the yardstick of these tests', () => {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host: 'iam.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
  };
  const request = { method: 'GET', path: '/', query: 'Action=ListUsers&Version=2010-05-08', headers };

  test('reaches the values of the example that AWS documents', () => {
    const listUsers = { ...request, body: Buffer.alloc(0) };
    expect(sha256(canonicalRequest(listUsers))).toBe(
      'f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59',
    );
    const scope = { date: '20150830T123600Z', region: 'us-east-1', service: 'iam', secret: exampleSecret };
    expect(signature(listUsers, scope)).toBe('5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7');
  });
});

const nowMs = Date.parse('2026-11-22T10:00:00Z');
const auth: AwsAuth = {
  type: 'aws',
  region: 'eu-west-1',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: exampleSecret,
};

/** A request to a model as the provider addresses it. */
function requestTo(upstreamModel: string, stream = false): UpstreamRequest {
  const endpoint = { upstreamModel } as Endpoint;
  const path = bedrockAddressing.pathFor({ operation: 'generate', dialect: 'bedrock-converse', stream, endpoint });
  return {
    method: 'POST',
    origin: 'https://bedrock-runtime.eu-west-1.amazonaws.com',
    path,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: Buffer.from('{"messages":[]}'),
  };
}

/** Recomputes the signature over exactly what is sent, from the headers that the signature names. */
function expectGenuine(signed: UpstreamRequest): void {
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, credential, signedNames = '', found] = pattern.exec(signed.headers['authorization'] ?? '') ?? [];
  expect(credential).toBe('AKIDEXAMPLE/20261122/eu-west-1/bedrock/aws4_request');
  const headers = Object.fromEntries(signedNames.split(';').map((name) => [name, signed.headers[name] ?? '']));
  expect(Object.keys(headers)).toEqual(expect.arrayContaining(['host', 'x-amz-content-sha256', 'x-amz-date']));
  const body = signed.body ?? Buffer.alloc(0);
  expect(headers['x-amz-content-sha256']).toBe(sha256(body));
  const [path = '', query = ''] = signed.path.split('?', 2);
  const scope = { date: '20261122T100000Z', region: 'eu-west-1', service: 'bedrock', secret: exampleSecret };
  expect(signature({ method: signed.method, path, query, headers, body }, scope)).toBe(found);
}

describe('a signature for Bedrock', () => {
  const signer = new AwsSigner({ nowMs: () => nowMs, monotonicMs: () => 0 });
  const models = [
    'amazon.nova-lite-v1:0',
    'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-x-v1:0',
    'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3',
    'a model with blanks & ümlauts',
  ];

  test.each(models)('covers the path as sent, encoded once more: %s', async (model) => {
    for (const stream of [false, true]) {
      const request = requestTo(model, stream);
      const signed = await signer.sign(request, auth);
      expect(signed.path).toBe(request.path);
      expect(signed.path).toMatch(/^\/model\/[^:/?# ]+\/converse(-stream)?$/);
      expectGenuine(signed);
    }
  });

  test('covers the session token of temporary credentials', async () => {
    const signed = await signer.sign(requestTo('m'), { ...auth, sessionToken: 'FwoGZXIvYXdzEXAMPLE//==' });
    expect(signed.headers['x-amz-security-token']).toBe('FwoGZXIvYXdzEXAMPLE//==');
    expect(signed.headers['authorization']).toMatch(/SignedHeaders=[^,]*\bx-amz-security-token\b/);
    expectGenuine(signed);
  });

  test('covers a query and stands without a body', async () => {
    const request: UpstreamRequest = { ...requestTo('m'), method: 'GET', path: '/models?b=2&a=1', body: undefined };
    const signed = await signer.sign(request, auth);
    expectGenuine({ ...signed, path: '/models?a=1&b=2' });
  });

  test('leaves the header that hops may change out', async () => {
    const request = requestTo('m');
    const signed = await signer.sign({ ...request, headers: { ...request.headers, 'user-agent': 'x' } }, auth);
    expect(signed.headers['user-agent']).toBe('x');
    expect(signed.headers['authorization']).not.toContain('user-agent');
    expectGenuine(signed);
  });
});
