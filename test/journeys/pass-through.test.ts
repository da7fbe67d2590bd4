import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';

/** Work that is metered but not translated, through the real client. */
describe('pass-through', () => {
  let fake: FakeUpstream;
  let booted: BootedProduct;
  let client: OpenAI;

  beforeAll(async () => {
    fake = await startFakeUpstream();
    booted = await bootProduct(`
hosts:
  acme: { protocol: openai-chat, baseUrl: "${fake.baseUrl}" }
models:
  listener:
    endpoints: [{ host: acme, model: whisper, price: { audioIn: 100, input: 1, output: 2 } }]
  omni-moderation-latest:
    endpoints: [{ host: acme, model: omni-moderation-latest }]
  painter:
    endpoints: [{ host: acme, model: image-1, price: { input: 5, imageOut: 40 } }]
aliases: { dall-e-2: painter, gpt-image-1.5: painter }
`);
    client = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });
  afterAll(async () => {
    await booted.close();
    await fake.close();
  });
  beforeEach(() => fake.reset());

  async function recordOf(response: Response): Promise<Record<string, unknown>> {
    return booted.control(`/api/v1/requests/${response.headers.get('x-switchyard-request-id')}`);
  }

  it('embeds, and meters the input', async () => {
    const { data, response } = await client.embeddings
      .create({ model: 'acme/embed', input: ['one two three', 'four'] })
      .withResponse();
    expect(data.data).toHaveLength(2);
    expect(data.data[0]?.embedding).toHaveLength(8);
    expect(await recordOf(response)).toMatchObject({
      open: { operation: 'embeddings' },
      attempts: [{ usage: { input: data.usage.prompt_tokens }, usageSource: 'provider' }],
    });
  });

  it('transcribes an upload whose other bytes stay as they are', async () => {
    const sound = Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7) % 256));
    const { data, response } = await client.audio.transcriptions
      .create({ model: 'listener', file: await toFile(sound, 'a.wav'), response_format: 'json' })
      .withResponse();
    expect(data.text).toContain('Simulated transcript');
    const seen = fake.stats().recent.at(-1);
    expect(seen).toMatchObject({ path: '/v1/audio/transcriptions', model: 'whisper' });
    expect(seen?.bodyBytes).toBeGreaterThan(3000);
    expect(await recordOf(response)).toMatchObject({
      costNanos: '100000',
      attempts: [{ usage: { audioIn: 1 }, upstreamModel: 'whisper' }],
    });
  });

  it('keeps the form of other transcripts', async () => {
    const file = await toFile(Buffer.from('sound'), 'a.wav');
    const text = await client.audio.transcriptions.create({ model: 'listener', file, response_format: 'text' });
    expect(text).toContain('Simulated transcript');
    const translated = await client.audio.translations.create({ model: 'listener', file });
    expect(translated.text).toContain('Simulated transcript');
    expect(fake.stats().recent.at(-1)?.path).toBe('/v1/audio/translations');
  });

  it('speaks: bytes and content type as they came, input metered', async () => {
    const answer = await client.audio.speech.create({
      model: 'acme/tts',
      voice: 'x',
      input: 'ahoi',
      response_format: 'wav',
    });
    expect(answer.headers.get('content-type')).toBe('audio/wav');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from('SIMULATED AUDIO\0ahoi'));
    expect(await recordOf(answer)).toMatchObject({
      status: 'completed',
      attempts: [{ usageSource: 'estimated', flags: expect.arrayContaining(['estimated', 'price_unknown']) }],
    });
  });

  it('streams speech and transcripts as events, and reads their usage', async () => {
    const spoken = await client.audio.speech.create({
      model: 'listener',
      voice: 'x',
      input: 'ahoi there',
      stream_format: 'sse',
    });
    expect(spoken.headers.get('content-type')).toContain('text/event-stream');
    const sent = (await spoken.text()).split('\n\n').filter((event) => event !== '');
    // Nothing is added: these streams have no closing mark.
    expect(sent).toHaveLength(3);
    expect(sent.at(-1)).toContain('speech.audio.done');
    expect(await recordOf(spoken)).toMatchObject({
      open: { stream: true },
      status: 'completed',
      attempts: [{ usageSource: 'provider' }],
    });

    const file = await toFile(Buffer.from('sound'), 'a.wav');
    const { data, response } = await client.audio.transcriptions
      .create({ model: 'listener', file, stream: true })
      .withResponse();
    let heard = '';
    for await (const event of data) if (event.type === 'transcript.text.delta') heard += event.delta;
    expect(heard).toContain('Simulated transcript');
    expect(await recordOf(response)).toMatchObject({ status: 'completed', attempts: [{ usage: { output: 5 } }] });
  });

  it('paints and edits pictures at the price of pictures', async () => {
    const { data, response } = await client.images
      .generate({ model: 'painter', prompt: 'a yard', n: 2 })
      .withResponse();
    expect(data.data).toHaveLength(2);
    const record = await recordOf(response);
    expect(record).toMatchObject({ attempts: [{ usage: { imageOut: 544 } }] });
    expect(Number(record['costNanos'])).toBeGreaterThanOrEqual(544 * 40_000);
    const image = await toFile(Buffer.from('png'), 'a.png', { type: 'image/png' });
    expect((await client.images.edit({ model: 'painter', image, prompt: 'again' })).data).toHaveLength(1);
    expect(fake.stats().recent.at(-1)).toMatchObject({ path: '/v1/images/edits', model: 'image-1' });
  });

  it('paints and edits with what the usual model is an alias for where none is named', async () => {
    expect((await client.images.generate({ prompt: 'a yard' })).data).toHaveLength(1);
    expect(fake.stats().recent.at(-1)).toMatchObject({ path: '/v1/images/generations', model: 'image-1' });
    const image = await toFile(Buffer.from('png'), 'a.png', { type: 'image/png' });
    expect((await client.images.edit({ image, prompt: 'again' })).data).toHaveLength(1);
    expect(fake.stats().recent.at(-1)).toMatchObject({ path: '/v1/images/edits', model: 'image-1' });
  });

  it('moderates, with the usual model where none is named', async () => {
    expect((await client.moderations.create({ input: 'peace' })).results).toHaveLength(1);
    expect(fake.stats().recent.at(-1)).toMatchObject({ path: '/v1/moderations', model: 'omni-moderation-latest' });
    const answer = await client.moderations.create({ model: 'acme/mod', input: ['peace', 'violence'] });
    expect(answer.results.map(({ flagged }) => flagged)).toEqual([false, true]);
  });

  it('reranks', async () => {
    const documents = ['a cat', 'rail yard switch', 'dog'];
    const answer = await client.post('/rerank', {
      body: { model: 'acme/rank', query: 'switch yard', documents, top_n: 1 },
    });
    expect(answer).toMatchObject({ results: [{ index: 1 }] });
  });

  it('tells the fault of the upstream in the dialect', async () => {
    fake.script('embed', 'fail=400');
    await expect(client.embeddings.create({ model: 'acme/embed', input: 'x' })).rejects.toMatchObject({ status: 400 });
  });
});
