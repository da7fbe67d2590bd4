import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyCors } from './cors.ts';

describe('CORS', () => {
  const server = createServer((request, response) => {
    if (!applyCors(request, response, ['https://app.example'])) response.end('answered');
  });
  let url: string;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => server.close());

  it('answers the preflight of a configured origin and lets its pages read the answer', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const preflight = await fetch(url, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    const asking = { ...headers, 'access-control-request-headers': 'authorization,x-stainless-lang' };
    const granted = await fetch(url, { method: 'OPTIONS', headers: asking });
    expect(granted.headers.get('access-control-allow-headers')).toContain('x-stainless-lang');
    const answer = await fetch(url, { headers: { origin: 'https://app.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(await answer.text()).toBe('answered');
  });

  it('tells other origins nothing', async () => {
    const answer = await fetch(url, { headers: { origin: 'https://evil.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});
