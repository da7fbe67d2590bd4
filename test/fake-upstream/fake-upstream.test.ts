import { afterEach, describe, expect, it } from 'vitest';
import type { FakeUpstream } from './index.ts';
import { postRaw, startFakeUpstream, startFakeUpstreams } from './index.ts';

const running: FakeUpstream[] = [];
const keep = (...fakes: readonly FakeUpstream[]): void => void running.push(...fakes);

afterEach(async () => {
  await Promise.all(running.splice(0).map((fake) => fake.close()));
});

const messages = [{ role: 'user', content: 'reply:ok' }];

describe('the fake upstream', () => {
  it('runs several side by side with caches of their own', async () => {
    const fakes = await startFakeUpstreams(2, { prefixCache: true });
    keep(...fakes);
    const cachedAt = async (fake: FakeUpstream | undefined): Promise<number> => {
      const answer = await postRaw(`${fake?.baseUrl}/chat/completions`, { model: 'm', messages });
      return JSON.parse(answer.text).usage.prompt_tokens_details.cached_tokens;
    };
    expect(await cachedAt(fakes[0])).toBe(0);
    expect(await cachedAt(fakes[0])).toBe(2);
    expect(await cachedAt(fakes[1])).toBe(0);
  });

  it('waits for a condition and says what it saw when it never comes', async () => {
    const fake = await startFakeUpstream();
    keep(fake);
    const waiting = fake.until((stats) => stats.completed === 2);
    await Promise.all([1, 2].map(() => postRaw(`${fake.baseUrl}/chat/completions`, { model: 'm', messages })));
    expect((await waiting).requests).toBe(2);
    await expect(fake.until((stats) => stats.aborts > 0, 20)).rejects.toThrow(/"requests":2/);
  });

  it('can read a request late, and counts a client that leaves meanwhile', async () => {
    const fake = await startFakeUpstream({ script: 'slowRead=60000' });
    keep(fake);
    const abort = new AbortController();
    const url = `${fake.baseUrl}/chat/completions`;
    const answer = fetch(url, { method: 'POST', body: JSON.stringify({ model: 'm', messages }), signal: abort.signal });
    answer.catch(() => undefined);
    await fake.until((stats) => stats.open === 1);
    expect(await fake.timeAbort(() => abort.abort())).toBeLessThan(2_000);
    await expect(answer).rejects.toThrow(/abort/);
    expect(fake.stats()).toMatchObject({ aborts: 1, open: 0 });
  });

  it('counts a client that leaves before a slow answer begins', async () => {
    const fake = await startFakeUpstream({ script: { headersDelay: 60_000 } });
    keep(fake);
    const abort = new AbortController();
    const body = JSON.stringify({ model: 'm', messages, max_tokens: 5 });
    const answer = fetch(`${fake.baseUrl}/messages`, { method: 'POST', body, signal: abort.signal }).catch(
      () => 'gone',
    );
    await fake.until((stats) => stats.bytesReceived > 0);
    await fake.timeAbort(() => abort.abort());
    expect(await answer).toBe('gone');
    expect(fake.stats().recentAborts[0]).toMatchObject({ path: '/v1/messages', model: 'm', tokensProduced: 0 });
    expect(fake.lastBody()).toMatchObject({ max_tokens: 5 });
    expect(fake.lastHeaders()['content-length']).toBe(String(body.length));
  });
});
