import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../../src/sdk/index.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';

const configOf = (upstream: string, grader: string): string => `
hosts:
  up: { protocol: openai-chat, baseUrl: "${upstream}" }
models:
  small:
    endpoints:
      - { host: up, model: small, price: { input: 0.10, output: 0.40 } }
  large:
    endpoints:
      - { host: up, model: large, price: { input: 5, output: 20 } }
jobs:
  form:
    models: [small, large]
    cascade: { models: [small, large], verifier: schema }
  graded:
    models: [small, large]
    cascade: { models: [small, large], verifier: http, url: "${grader}" }
  chosen:
    models: [small, large]
    value: { lowUsd: 0.005, midUsd: 0.01, highUsd: 0.02 }
    cascade: { verifier: http, url: "${grader}" }
  tested:
    models: [small, large]
    cascade: { verifier: tests, language: python }
`;

interface Answered {
  readonly requestId: string;
  readonly text: string;
  readonly model: string;
}

describe('a cascade', () => {
  let upstream: FakeUpstream;
  let grader: Server;
  let booted: BootedProduct;
  let client: Client;
  let openai: OpenAI;

  beforeAll(async () => {
    upstream = await startFakeUpstream();
    grader = createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        const { answer } = JSON.parse(body) as { answer: { text: string } };
        const score = answer.text.includes('good') ? 1 : 0;
        // By what it is asked about: one answer in four is looked at after it left, whenever that is.
        const isAway = answer.text.includes('grader away');
        response.writeHead(isAway ? 500 : 200).end(JSON.stringify({ score, reasons: ['as it is'] }));
      });
    });
    await new Promise<void>((resolve) => grader.listen(0, '127.0.0.1', resolve));
    const { port } = grader.address() as AddressInfo;
    booted = await bootProduct(configOf(upstream.baseUrl, `http://127.0.0.1:${port}/grade`));
    client = createClient({ url: booted.url, ownerToken: booted.product.ownerToken });
    openai = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  });
  afterAll(async () => {
    await booted?.close();
    await upstream?.close();
    await new Promise((resolve) => grader.close(resolve));
  });

  function replies(small: string, large: string): void {
    upstream.script('small', { reply: small });
    upstream.script('large', { reply: large });
  }

  async function ask(model: string, more: object = {}, headers: Record<string, string> = {}): Promise<Answered> {
    const body = { model, messages: [{ role: 'user' as const, content: 'Answer.' }], ...more, stream: false as const };
    const { data, response } = await openai.chat.completions.create(body, { headers }).withResponse();
    const header = (name: string): string => response.headers.get(`x-switchyard-${name}`) ?? '';
    return { requestId: header('request-id'), model: header('model'), text: data.choices[0]?.message.content ?? '' };
  }

  async function tell(requestId: string, value: number): Promise<void> {
    await client.outcomes.post({ requestId, kind: 'test', value, source: 'hidden-tests' });
  }

  const schema = { type: 'object', required: ['answer'], properties: { answer: { type: 'number' } } };
  const response_format = { type: 'json_schema', json_schema: { name: 'answer', schema } };

  it('by the schema of the request: what does not fit is never seen, streamed or not', async () => {
    replies('{"wrong": 1}', '{"answer": 42}');
    // The thread that judges schemas starts with the first one, and a busy machine takes its time.
    await ask('job/form', { response_format });
    const whole = await ask('job/form', { response_format });
    expect(whole).toMatchObject({ model: 'large', text: '{"answer": 42}' });
    const { attempts, outcomes, costNanos } = await client.requests.get(whole.requestId);
    expect(attempts.map(({ fault }) => fault)).toEqual(['answer_rejected', undefined]);
    expect(costNanos).toBe(attempts.reduce((sum, one) => sum + BigInt(one.costNanos ?? 0), 0n).toString());
    expect(BigInt(attempts[0]?.costNanos ?? 0)).toBeGreaterThan(0n);
    expect(outcomes).toContainEqual(
      expect.objectContaining({ kind: 'verified', value: 0, model: 'small', draft: true }),
    );
    const body = { model: 'job/form', messages: [{ role: 'user', content: 'Answer.' }], stream: true, response_format };
    const streamed = await fetch(`${booted.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
    const text = await streamed.text();
    expect(text).toContain('answer');
    expect(text).not.toContain('wrong');
    replies('{"answer": 1}', '{"answer": 42}');
    expect(await ask('job/form', { response_format })).toMatchObject({ model: 'small', text: '{"answer": 1}' });
  });

  it('is none for a request with nothing to be held against, and the decision says so', async () => {
    replies('anything', 'anything else');
    const { requestId } = await ask('job/form');
    const { cascade, reasons } = await client.routing.explain(requestId);
    expect(cascade).toBeNull();
    expect(reasons).toContain('no cascade: the request demands no JSON Schema of its answer');
  });

  it('by a grader of the operator; while that is away nobody is vouched for, and nothing is learned', async () => {
    replies('a bad one', 'a good one');
    expect(await ask('job/graded')).toMatchObject({ model: 'large', text: 'a good one' });
    replies('a good one with the grader away', 'another with the grader away');
    const away = await ask('job/graded');
    expect(away.model).toBe('large');
    expect((await client.requests.get(away.requestId)).outcomes).toEqual([]);
    replies('a good one', 'another');
    expect((await ask('job/graded')).model).toBe('small');
  });

  it('ends when its verifier errs too often, and comes back when that was mended', async () => {
    replies('a good one', 'a good one');
    const decisionOf = async ({ requestId }: Answered) => client.routing.explain(requestId);
    let answered = await ask('job/graded');
    for (let told = 0; told < 4; told += 1) {
      await tell(answered.requestId, 0);
      answered = await ask('job/graded');
    }
    const off = await decisionOf(answered);
    expect(off.cascade).toBeNull();
    expect(off.reasons.join(' ')).toMatch(/no cascade: the verifier errs in \d+% of its verdicts, 15% are allowed/);
    for (let tries = 0; tries < 150 && (await decisionOf(answered)).cascade === null; tries += 1) {
      await tell(answered.requestId, 1);
      answered = await ask('job/graded');
    }
    expect((await decisionOf(answered)).cascade).toMatchObject({ verifier: 'http', by: 'configured' });
  });

  it('is chosen as a whole by what was learned, and its decision names it', async () => {
    replies('a good one', 'a good one');
    for (let at = 0; at < 30; at += 1) {
      for (const [model, rate] of [
        ['small', 0.7],
        ['large', 0.95],
      ] as const) {
        const { requestId } = await ask(model, {}, { 'x-switchyard-job': 'chosen' });
        await tell(requestId, (at * rate) % 1 < rate ? 1 : 0);
      }
    }
    const { requestId } = await ask('job/chosen');
    const { cascade, summary } = await client.routing.explain(requestId);
    expect(cascade).toMatchObject({ stages: ['small', 'large'], by: 'auto', verifier: 'http' });
    expect(cascade?.success).toBeGreaterThan(0.85);
    expect(summary).toMatch(
      /^small answers first, then large where the verifier \(http\) turns the answer down: expected/,
    );
  });

  it('is shown by a dry run with its stages, its verifier and what it is expected to come to, asking nobody', async () => {
    const asked = upstream.stats().requests;
    const chosen = await client.routing.preview({ job: 'chosen', prompt: 'Answer.' });
    expect(chosen.cascade).toMatchObject({ stages: ['small', 'large'], verifier: 'http', by: 'auto' });
    expect(BigInt(chosen.cascade?.costNanos ?? 0)).toBeGreaterThan(0n);
    const form = await client.routing.preview({ job: 'form', prompt: 'Answer.' });
    expect(form.cascade).toBeNull();
    expect(form.reasons).toContain('no cascade: the request demands no JSON Schema of its answer');
    expect(upstream.stats().requests).toBe(asked);
  });

  it('refuses tests that cannot be read', async () => {
    const asking = ask('job/tested', {}, { 'x-switchyard-tests': 'nonsense' });
    await expect(asking).rejects.toMatchObject({ status: 400, param: 'x-switchyard-tests' });
  });
});
