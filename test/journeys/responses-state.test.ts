import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream, startFakeUpstreams } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct, rebootProduct } from './support/boot-product.ts';

const secrets = { ONE: 'sk-one', TWO: 'sk-two', MUTE: 'sk-mute' };

function configOf(fakes: readonly FakeUpstream[], extra = ''): string {
  const [first, second] = fakes;
  return `
hosts:
  chat: { protocol: openai-chat, baseUrl: "${first?.baseUrl}" }
  claude: { protocol: anthropic-messages, baseUrl: "${first?.baseUrl}" }
  google: { protocol: gemini, baseUrl: "${first?.geminiUrl}" }
  issuing: { protocol: openai-responses, baseUrl: "${first?.baseUrl}" }
  rival: { protocol: openai-responses, baseUrl: "${second?.baseUrl}" }
models:
  both:
    endpoints:
      - { host: issuing, model: m, weight: 1000000 }
      - { host: rival, model: m, weight: 0.000001 }
keys:
  - { name: one, secret: "env:ONE" }
  - { name: two, secret: "env:TWO" }
  - { name: mute, secret: "env:MUTE", storeResponses: false }
${extra}`;
}

/** The roles and texts of the latest request that an upstream saw, whatever its dialect. */
function lastWords(fake: FakeUpstream): string {
  return JSON.stringify(fake.lastBody());
}

describe('stored responses', () => {
  let fakes: readonly FakeUpstream[];
  let booted: BootedProduct;
  let fake: FakeUpstream;
  let rival: FakeUpstream;

  const clientOf = (secret: string): OpenAI =>
    new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: secret, maxRetries: 0 });
  let one: OpenAI;

  beforeAll(async () => {
    fakes = await startFakeUpstreams(2);
    const [first, second] = fakes;
    if (!first || !second) throw new Error('two upstreams are needed');
    fake = first;
    rival = second;
    booted = await bootProduct(configOf(fakes), secrets);
    one = clientOf(secrets.ONE);
  });
  afterAll(async () => {
    await booted.close();
    await Promise.all(fakes.map((each) => each.close()));
  });
  afterEach(() => fakes.forEach((each) => each.reset()));

  it.each(['chat/m', 'claude/m', 'google/m'])(
    'continues a conversation over %s, which remembers nothing',
    async (model) => {
      const first = await one.responses.create({ model, input: 'reply:alpha' });
      expect(first.output_text).toContain('alpha');
      const second = await one.responses.create({ model, input: 'reply:beta', previous_response_id: first.id });
      expect(second.previous_response_id).toBe(first.id);
      const words = lastWords(fake);
      expect(words.indexOf('reply:alpha')).toBeGreaterThan(0);
      expect(words.lastIndexOf('alpha')).toBeGreaterThan(words.indexOf('reply:alpha') + 'reply:'.length);
      expect(words.indexOf('reply:beta')).toBeGreaterThan(words.lastIndexOf('alpha'));
      expect(words).not.toContain('previous_response_id');
      const third = await one.responses.create({ model, input: 'reply:gamma', previous_response_id: second.id });
      expect(lastWords(fake)).toMatch(/alpha.*beta.*gamma/s);
      expect(third.output_text).toContain('gamma');
    },
  );

  it.each(['chat/m', 'issuing/m'])('stores streamed answers of %s from their last event', async (model) => {
    const stream = one.responses.stream({ model, input: 'reply:streamed' });
    const answer = await stream.finalResponse();
    const kept = await one.responses.retrieve(answer.id);
    expect(kept.output_text).toBe(answer.output_text);
    const next = await one.responses.create({
      model,
      input: 'reply:on',
      previous_response_id: answer.id,
      stream: true,
    });
    let text = '';
    for await (const event of next) if (event.type === 'response.output_text.delta') text += event.delta;
    expect(text).toContain('on');
  });

  it('leaves the conversation to an upstream that keeps it itself', async () => {
    const first = await one.responses.create({ model: 'issuing/m', input: 'reply:alpha' });
    await one.responses.create({ model: 'issuing/m', input: 'reply:beta', previous_response_id: first.id });
    expect(fake.lastBody()).toMatchObject({ previous_response_id: first.id, input: 'reply:beta' });
  });

  it('[scenario 12] continues only where a response was issued, and never at another organisation', async () => {
    const first = await one.responses.create({ model: 'both', input: 'reply:alpha' });
    expect(fake.stats().requests).toBe(1);
    fake.script('m', 'fail=503');
    const request = { model: 'both', input: 'reply:beta', previous_response_id: first.id };
    await expect(one.responses.create(request)).rejects.toMatchObject({ status: 503 });
    await expect(one.responses.create({ ...request, model: 'rival/m' })).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
    expect(rival.stats().requests).toBe(0);
  });

  it('replays a conversation that an upstream kept when it moves to one without state', async () => {
    const first = await one.responses.create({ model: 'issuing/m', input: 'reply:alpha' });
    await one.responses.create({ model: 'chat/m', input: 'reply:beta', previous_response_id: first.id });
    expect(fake.lastBody()).toMatchObject({
      messages: [
        { role: 'user', content: 'reply:alpha' },
        { role: 'assistant' },
        { role: 'user', content: 'reply:beta' },
      ],
    });
  });

  it('retrieves, lists the input of and deletes a response', async () => {
    const first = await one.responses.create({ model: 'chat/m', input: 'reply:alpha', metadata: { topic: 'x' } });
    const second = await one.responses.create({ model: 'chat/m', input: 'reply:beta', previous_response_id: first.id });
    expect(await one.responses.retrieve(first.id)).toMatchObject({ id: first.id, metadata: { topic: 'x' } });
    const pages = [];
    for await (const item of one.responses.inputItems.list(second.id, { limit: 2, order: 'asc' })) pages.push(item);
    expect(pages.map((item) => ('role' in item ? item.role : item.type))).toEqual(['user', 'assistant', 'user']);
    expect(new Set(pages.map((item) => ('id' in item ? item.id : ''))).size).toBe(3);
    await one.responses.delete(first.id);
    await expect(one.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 });
    // The second turn cannot be told without the first.
    const orphan = { model: 'chat/m', input: 'reply:gamma', previous_response_id: second.id };
    await expect(one.responses.create(orphan)).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
    });
  });

  it('deletes at the issuer as well', async () => {
    const { id } = await one.responses.create({ model: 'issuing/m', input: 'reply:alpha' });
    await one.responses.delete(id);
    expect(fake.stats().recent.at(-1)).toMatchObject({ method: 'DELETE', path: `/v1/responses/${id}` });
    expect((await fetch(`${fake.baseUrl}/responses/${id}`)).status).toBe(404);
  });

  it('keeps nothing of a request that forbids it', async () => {
    const { id } = await one.responses.create({ model: 'chat/m', input: 'reply:alpha', store: false });
    await expect(one.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    const next = { model: 'chat/m', input: 'reply:beta', previous_response_id: id };
    await expect(one.responses.create(next)).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
    });
  });

  it('does not exist for another key', async () => {
    const { id } = await one.responses.create({ model: 'issuing/m', input: 'reply:alpha' });
    const seen = fake.stats().requests;
    const two = clientOf(secrets.TWO);
    await expect(two.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(two.responses.delete(id)).rejects.toMatchObject({ status: 404 });
    await expect(two.responses.inputItems.list(id)).rejects.toMatchObject({ status: 404 });
    const next = { model: 'issuing/m', input: 'reply:beta', previous_response_id: id };
    await expect(two.responses.create(next)).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
    });
    expect(fake.stats().requests).toBe(seen);
  });

  it('says that storing is turned off for a key', async () => {
    const mute = clientOf(secrets.MUTE);
    const { id } = await mute.responses.create({ model: 'chat/m', input: 'reply:alpha' });
    const next = mute.responses.create({ model: 'chat/m', input: 'reply:beta', previous_response_id: id });
    await expect(next).rejects.toThrow(/turned off for the key "mute"/);
  });

  it('cancels only what runs in the background', async () => {
    const { id } = await one.responses.create({ model: 'chat/m', input: 'reply:alpha' });
    await expect(one.responses.cancel(id)).rejects.toMatchObject({ status: 400 });
    await expect(one.responses.cancel('resp_unknown')).rejects.toMatchObject({ status: 404 });
  });

  it('survives a restart', async () => {
    const { id } = await one.responses.create({ model: 'chat/m', input: 'reply:alpha' });
    booted = await rebootProduct(booted, secrets);
    one = clientOf(secrets.ONE);
    expect((await one.responses.retrieve(id)).output_text).toContain('alpha');
    await one.responses.create({ model: 'chat/m', input: 'reply:beta', previous_response_id: id });
    expect(lastWords(fake)).toMatch(/alpha.*beta/s);
  });
});

describe('stored responses, turned off', () => {
  it('keeps nothing and says so', async () => {
    const fake = await startFakeUpstream();
    const booted = await bootProduct(configOf([fake, fake], 'responses: { store: false }'), secrets);
    const client = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: secrets.ONE, maxRetries: 0 });
    const { id } = await client.responses.create({ model: 'chat/m', input: 'reply:alpha' });
    const next = client.responses.create({ model: 'chat/m', input: 'reply:beta', previous_response_id: id });
    await expect(next).rejects.toThrow(/responses\.store: false/);
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await booted.close();
    await fake.close();
  });
});
