import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, postRaw, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { waitUntil } from './support/wait-until.ts';

describe('a journal whose disk is full', () => {
  let upstream: FakeUpstream;
  let booted: BootedProduct;
  beforeAll(async () => {
    upstream = await startFakeUpstream();
    booted = await bootProduct(
      // More than any disk has: to the journal's guard the volume is full.
      `journal: { minFreeMebibytes: 1000000000 }\nhosts:\n  acme: { protocol: openai-chat, baseUrl: ${upstream.baseUrl} }\nmodels:\n  m: { endpoints: [{ host: acme, model: m }] }\n`,
    );
    await waitUntil(async () => (await fetch(`${booted.url}/health/ready`)).status === 503, 'the guard looked');
  });
  afterAll(async () => {
    await booted.close();
    await upstream.close();
  });

  it.each(['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1beta/models/m:generateContent'])(
    '[scenario 67] %s is refused before the upstream is called',
    async (path) => {
      for (const stream of [false, true]) {
        const body = { model: 'm', stream, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], input: 'Hi' };
        const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];
        const answer = await postRaw(`${booted.url}${path}`, { ...body, contents });
        expect(answer.status).toBe(503);
        expect(JSON.parse(answer.text)).toHaveProperty('error');
      }
      expect(upstream.stats().requests).toBe(0);
    },
  );

  it('says so where operators look', async () => {
    const ready = (await (await fetch(`${booted.url}/health/ready`)).json()) as { reason: string };
    expect(ready.reason).toContain('journal volume is full');
    expect((await fetch(`${booted.url}/health/live`)).status).toBe(200);
  });
});
