import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { type APIError, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';

const secret = 'sk-acme-0123456789';
const messages = [{ role: 'user' as const, content: 'Say something.' }];

/** A way into the gateway that spends, as its client calls it; gives the answer's headers. */
type Route = () => Promise<Headers>;

describe('one budget', () => {
  let upstream: FakeUpstream;
  let booted: BootedProduct;
  let openai: OpenAI;
  let routes: { readonly [name: string]: Route };

  beforeAll(async () => {
    upstream = await startFakeUpstream();
    booted = await bootProduct(
      `
hosts:
  fake: { protocol: openai-chat, baseUrl: "${upstream.baseUrl}" }
models:
  small: { endpoints: [{ host: fake, model: gpt-mock, price: { input: 100, output: 300 } }] }
  embed: { endpoints: [{ host: fake, model: embed-mock, price: { input: 700 } }] }
  listener: { endpoints: [{ host: fake, model: whisper, price: { input: 1, output: 2, audioIn: 9000 } }] }
keys:
  - { name: acme-key, secret: "env:ACME_KEY", budget: { limitUsd: "0.50", period: lifetime } }
`,
      { ACME_KEY: secret },
    );
    openai = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: secret, maxRetries: 0 });
    const anthropic = new Anthropic({ baseURL: `${booted.url}/anthropic`, apiKey: secret, maxRetries: 0 });
    const chat = { model: 'small', messages, max_tokens: 20 };
    routes = {
      chat: async () => (await openai.chat.completions.create(chat).asResponse()).headers,
      'chat, streamed': async () => {
        const call = openai.chat.completions.create({ ...chat, stream: true });
        const { data, response } = await call.withResponse();
        for await (const chunk of data) expect(chunk.object).toBe('chat.completion.chunk');
        return response.headers;
      },
      messages: async () => (await anthropic.messages.create(chat).asResponse()).headers,
      responses: async () => {
        const call = openai.responses.create({ model: 'small', input: 'Say something.', max_output_tokens: 20 });
        return (await call.asResponse()).headers;
      },
      embeddings: async () =>
        (await openai.embeddings.create({ model: 'embed', input: 'one two three' }).asResponse()).headers,
      'a transcription that passes through': async () => {
        const file = await toFile(Buffer.from('sound'), 'a.wav');
        return (await openai.audio.transcriptions.create({ model: 'listener', file }).asResponse()).headers;
      },
      gemini: async () => {
        const answer = await fetch(`${booted.url}/v1beta/models/small:generateContent`, {
          method: 'POST',
          headers: { 'x-goog-api-key': secret, 'content-type': 'application/json' },
          body: JSON.stringify({
            contents: [{ role: 'user', parts: [{ text: 'Say something.' }] }],
            generationConfig: { maxOutputTokens: 20 },
          }),
        });
        expect(answer.status).toBe(200);
        return answer.headers;
      },
    };
  });
  afterAll(async () => {
    await booted?.close();
    await upstream?.close();
  });

  async function chargeOf(headers: Headers): Promise<bigint> {
    const record = await booted.control(`/api/v1/requests/${headers.get('x-switchyard-request-id')}`);
    return BigInt(String(record['chargeNanos']));
  }

  /** What the budget has counted, as a refusal names it. */
  async function refusal(): Promise<string> {
    const call = openai.chat.completions.create({ model: 'small', messages, max_tokens: 4000 });
    const error = (await call.then(() => undefined).catch((caught: unknown) => caught)) as APIError | undefined;
    expect(error?.status).toBe(402);
    return error?.message ?? '';
  }

  it('[money 51] [scenario 65] counts chat, messages, responses, embeddings and what passes through, and refuses each when it is used up', async () => {
    let spentNanos = 0n;
    for (const [name, call] of Object.entries(routes)) {
      const chargeNanos = await chargeOf(await call());
      expect({ name, isCharged: chargeNanos > 0n }).toEqual({ name, isCharged: true });
      spentNanos += chargeNanos;
    }
    expect(await refusal()).toContain(usdOf(spentNanos));
    const limited = ['chat', 'chat, streamed', 'messages', 'responses'];
    for (const name of limited) await untilRefused(routes[name]);
    const before = upstream.stats().requests;
    for (const name of limited) await expect(routes[name]?.(), name).rejects.toMatchObject({ status: 402 });
    expect(upstream.stats().requests).toBe(before);
  });
});

async function untilRefused(call: Route | undefined): Promise<void> {
  let isRefused = call === undefined;
  while (!isRefused) isRefused = (await call?.().catch(() => undefined)) === undefined;
}

/** As the refusal writes amounts. */
function usdOf(nanos: bigint): string {
  const text = nanos.toString().padStart(10, '0');
  return `${text.slice(0, -9)}.${text.slice(-9)}`.replace(/0+$/, '');
}
