import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import { openRedisRates, RedisRates } from './redis-rates.ts';

/** A server of the machine, or the one that is named: without one the script itself cannot be tried. */
const candidates = [process.env['SWITCHYARD_TEST_REDIS_SERVER'] ?? '', 'redis-server', 'valkey-server'];
const program = candidates.find((name) => name !== '' && spawnSync(name, ['--version']).status === 0);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Asked {
  readonly keys: readonly string[];
  readonly parameters: readonly (string | number)[];
  answer(value: unknown): void;
  fail(): void;
}

/** A store that answers when it is told to. */
function slowStore(): { rates: RedisRates; asked: Asked[] } {
  const asked: Asked[] = [];
  const client = {
    status: 'ready',
    eval: (_: string, keyCount: number, ...rest: (string | number)[]) =>
      new Promise<unknown>((resolve, reject) => {
        const keys = rest.slice(0, keyCount).map(String);
        asked.push({
          keys,
          parameters: rest.slice(keyCount),
          answer: resolve,
          fail: () => reject(new Error('connection lost')),
        });
      }),
    on: () => undefined,
    disconnect: () => undefined,
  };
  const clock = { nowMs: () => 0, monotonicMs: () => 0 };
  return { rates: new RedisRates({ client, clock, logger: silentLogger, answerMs: 1 }), asked };
}

describe('rate limits in a store that is slow', () => {
  const use = { exchangeId: 'x', meters: [{ id: 'm', requestsPerMinute: 10, tokensPerMinute: 100 }], tokens: 50 };

  it('are given back when the answer that was not waited for says that they were taken', async () => {
    const { rates, asked } = slowStore();
    expect((await rates.take(use)).kind).toBe('away');
    expect(asked).toHaveLength(1);
    asked[0]?.answer([0, 77]);
    await expect.poll(() => asked.map(({ parameters }) => parameters[0])).toEqual(['x', 'x']);
    expect(asked[1]?.parameters).toEqual(['x', 77, 1, 50]);
    await rates.close();
  });

  it.each([
    ['was refused', (one: Asked | undefined) => one?.answer([1, 2, 1000])],
    ['never arrived', (one: Asked | undefined) => one?.fail()],
  ])('get nothing back for what %s', async (_, end) => {
    const { rates, asked } = slowStore();
    expect((await rates.take(use)).kind).toBe('away');
    end(asked[0]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(1);
    await rates.close();
  });

  it('keep no place of an exchange that ended while others were renewed', async () => {
    const { rates, asked } = slowStore();
    const placeOf = (at: number) => ({ exchangeId: `x${at}`, meters: [{ id: 'm', concurrent: 5000 }], tokens: 0 });
    for (let at = 0; at < 1001; at++) {
      const taking = rates.take(placeOf(at));
      asked[at]?.answer([0]);
      await taking;
    }
    asked.length = 0;
    const renewing = rates.renew();
    rates.giveBack(placeOf(1000), { usedTokens: 0, isUndone: false });
    for (const one of asked) one.answer(0);
    await renewing;
    const renewed = asked.filter(({ keys }) => keys.every((key) => key.includes(':c:')));
    expect(renewed.flatMap(({ parameters }) => parameters.slice(1))).toHaveLength(1000);
    expect(renewed.flatMap(({ parameters }) => parameters)).not.toContain('x1000');
    await rates.close();
  });
});

describe.skipIf(program === undefined)('rate limits in Redis or Valkey', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-rates-'));
  const opened: RedisRates[] = [];
  let server: ChildProcess;
  let port = 0;

  function startServer(): void {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    server = spawn(program ?? '', settings, { stdio: 'ignore' });
  }

  async function gateway(): Promise<RedisRates> {
    const rates = await openRedisRates(`redis://127.0.0.1:${port}`, { clock: systemClock, logger: silentLogger });
    opened.push(rates);
    const probe = { exchangeId: 'probe', meters: [{ id: 'probe' }], tokens: 0 };
    await expect.poll(async () => (await rates.take(probe)).kind).toBe('taken');
    return rates;
  }

  beforeAll(async () => {
    port = await freePort();
    startServer();
  });
  afterAll(async () => {
    for (const rates of opened) await rates.close();
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('are one limit for every gateway: places, requests and units, all or none of them', async () => {
    const [one, other] = [await gateway(), await gateway()];
    const places = { id: 'places', concurrent: 3 };
    const units = { id: 'units', tokensPerMinute: 1000 };
    const ask = (rates: RedisRates, exchangeId: string, tokens = 100) =>
      rates.take({ exchangeId, meters: [units, places], tokens });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => ask(index % 2 === 0 ? one : other, `x${index}`)),
    );
    expect(answers.filter(({ kind }) => kind === 'taken')).toHaveLength(3);
    expect(answers.filter(({ kind }) => kind === 'refused')).toContainEqual(
      expect.objectContaining({ meter: 1, limit: 'concurrent' }),
    );
    // The refused ones took no units: 700 of 1,000 are left.
    const taken = answers.findIndex(({ kind }) => kind === 'taken');
    const use = { exchangeId: `x${taken}`, meters: [units, places], tokens: 100 };
    (taken % 2 === 0 ? one : other).giveBack(use, { usedTokens: 100, isUndone: false });
    await expect.poll(async () => (await ask(one, 'big', 705)).kind).toBe('refused');
    expect(await ask(one, 'fits', 695)).toEqual({ kind: 'taken' });
    expect(await ask(other, 'late', 500)).toMatchObject({ kind: 'refused', limit: 'tokens', meter: 0 });
  });

  it('take a request back that another limit refused, and correct units to what was used', async () => {
    const rates = await gateway();
    const meters = [{ id: 'few', requestsPerMinute: 2, tokensPerMinute: 1000 }];
    const ask = (exchangeId: string, tokens: number) => rates.take({ exchangeId, meters, tokens });
    expect((await ask('a', 900)).kind).toBe('taken');
    expect(await ask('b', 900)).toMatchObject({ kind: 'refused', limit: 'tokens' });
    rates.giveBack({ exchangeId: 'a', meters, tokens: 900 }, { usedTokens: 100, isUndone: false });
    expect((await ask('c', 800)).kind).toBe('taken');
    expect(await ask('d', 1)).toMatchObject({ kind: 'refused', limit: 'requests' });
    rates.giveBack({ exchangeId: 'c', meters, tokens: 800 }, { usedTokens: 0, isUndone: true });
    expect((await ask('e', 1)).kind).toBe('taken');
  });

  it('are away when the server is killed, and counted together again when it is back', async () => {
    const rates = await gateway();
    const meters = [{ id: 'back', concurrent: 1 }];
    server.kill('SIGKILL');
    const take = async (exchangeId: string): Promise<string> =>
      (await rates.take({ exchangeId, meters, tokens: 1 })).kind;
    await expect.poll(() => take('x')).toBe('away');
    startServer();
    await expect.poll(() => take('x'), { interval: 100 }).toBe('taken');
    expect(await take('y')).toBe('refused');
  });
});
