import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../platform/logger.ts';
import type { SandboxRecord } from '../../runtime/index.ts';
import { MissCount } from './miss-count.ts';
import { createSandboxHandler, type SandboxHandlerDeps } from './sandbox-handler.ts';

const id = `sbx${'0'.repeat(32)}`;

describe('the way to sandboxes', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  async function world(record: Partial<SandboxRecord> = {}) {
    const reached: string[] = [];
    const paused = { id, state: 'paused', autoResume: true, publicTraffic: true, accessToken: 'a', trafficToken: 't' };
    const sandboxes = {
      reachable: (asked: string) => Promise.resolve(asked === id ? { ...paused, ...record } : undefined),
      reach: (asked: string) => Promise.resolve(void reached.push(asked)),
      reachBy: () => Promise.resolve(undefined),
    };
    const clock = { nowMs: () => 0, monotonicMs: () => 0 };
    const deps = { sandboxes, clock, logger: createLogger('silent') } as unknown as SandboxHandlerDeps;
    const handle = createSandboxHandler(deps);
    const server = createServer((request, response) => {
      if (!handle(request, response)) response.writeHead(404).end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const ask = (path: string, headers: Record<string, string> = {}, localAddress = '127.0.0.1') =>
      new Promise<number | undefined>((resolve, reject) => {
        const outgoing = send({ host: '127.0.0.1', port, path, headers, localAddress, agent: false }, (answer) => {
          answer.resume().on('close', () => resolve(answer.statusCode));
        });
        outgoing.on('error', reject).end();
      });
    return { ask, reached };
  }

  it('wakes nothing for somebody who may not enter', async () => {
    const { ask, reached } = await world({ publicTraffic: false });
    const named = { 'e2b-sandbox-id': id };
    expect(await ask('/files', { ...named, 'x-access-token': 'wrong' })).toBe(401);
    expect(await ask('/files?signature=v1_x', named)).toBe(401);
    expect(await ask('/', { ...named, 'e2b-sandbox-port': '3000' })).toBe(403);
    expect(await ask('/', { ...named, 'e2b-sandbox-port': '49999' })).toBe(501);
    expect(reached).toEqual([]);
    await ask('/', { ...named, 'e2b-sandbox-port': '3000', 'e2b-traffic-access-token': 't' });
    await ask('/files', { ...named, 'x-access-token': 'a' });
    expect(reached).toEqual([id, id]);
  });

  it('leaves a path like that of signed files to the app whose host is asked for', async () => {
    const { ask } = await world();
    expect(await ask('/files?signature=v1_x', { host: 'prod--shop.example.com' })).toBe(404);
    expect(await ask('/files?signature=v1_x', { host: 'example.com' })).toBe(401);
  });

  it('lets those wait who try many signatures, and nobody else', async () => {
    const { ask } = await world();
    for (let tried = 0; tried < 200; tried += 1) await ask('/files?signature=v1_x');
    expect(await ask('/files?signature=v1_x')).toBe(429);
    expect(await ask('/files?signature=v1_x', {}, '127.0.0.2')).toBe(401);
  });
});

describe('counts of wrong signatures', () => {
  it('are forgotten with their time, and the oldest when there are too many', () => {
    const time = { nowMs: 0 };
    const misses = new MissCount({ nowMs: () => time.nowMs, monotonicMs: () => time.nowMs });
    for (let tried = 0; tried < 200; tried += 1) misses.add('a');
    expect([misses.isFull('a'), misses.isFull('b')]).toEqual([true, false]);
    for (let other = 0; other < 1000; other += 1) misses.add(`other-${other}`);
    expect(misses.isFull('a')).toBe(false);
    for (let tried = 0; tried < 200; tried += 1) misses.add('a');
    time.nowMs = 10_000;
    expect(misses.isFull('a')).toBe(false);
  });
});
