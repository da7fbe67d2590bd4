import { expect, test } from 'vitest';
import type { Host, HostAuth } from '../../domain/calls/endpoint.ts';
import { resolveBaseUrl } from './resolve-base-url.ts';

function resolved(baseUrl: string, auth: HostAuth = { type: 'none' }): string {
  const host: Host = {
    id: 'acme',
    protocol: 'openai-chat',
    providerId: 'generic-openai-chat',
    baseUrl,
    auth,
    timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
    headers: {},
    maxConnections: 1,
  };
  const { origin, path } = resolveBaseUrl(host);
  return `${origin} ${path}`;
}

const google = (location: string): HostAuth => ({
  type: 'google',
  clientEmail: 'a@b',
  privateKey: '',
  project: 'p',
  location,
  tokenUrl: '',
});

test('a base URL is split into origin and path', () => {
  expect(resolved('https://api.acme.example/openai/v1')).toBe('https://api.acme.example /openai/v1');
  expect(resolved('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080 ');
});

test('region and location come from the credentials', () => {
  const aws: HostAuth = { type: 'aws', region: 'eu-west-1', accessKeyId: 'a', secretAccessKey: 'b' };
  expect(resolved('https://bedrock-runtime.{region}.amazonaws.com', aws)).toBe(
    'https://bedrock-runtime.eu-west-1.amazonaws.com ',
  );
  const vertex = 'https://{location}-aiplatform.googleapis.com/v1';
  expect(resolved(vertex, google('us-east5'))).toBe('https://us-east5-aiplatform.googleapis.com /v1');
  expect(resolved(vertex, google('global'))).toBe('https://aiplatform.googleapis.com /v1');
  expect(resolved(vertex)).toBe('https://aiplatform.googleapis.com /v1');
});
