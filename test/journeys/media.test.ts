import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { pixelBase64 } from './support/client-drive.ts';
import { MediaServer, pdf } from './support/media-server.ts';

const hostKey = 'key-of-the-host';
const config = (fake: FakeUpstream, more: string): string => `
hosts:
  converse: { protocol: bedrock, baseUrl: "${fake.url}", apiKey: env:HOST_KEY }
  chat: { protocol: openai-chat, baseUrl: "${fake.baseUrl}", apiKey: env:HOST_KEY }
models:
  pictured: { endpoints: [{ host: converse, model: some-model }] }
  chatted: { endpoints: [{ host: chat, model: some-model }] }
${more}`;

describe('media by URL for hosts that take bytes only', () => {
  const server = new MediaServer();
  let fake: FakeUpstream;
  let guarded: BootedProduct;
  let open: BootedProduct;

  beforeAll(async () => {
    await server.open();
    fake = await startFakeUpstream({ apiKey: hostKey });
    guarded = await bootProduct(config(fake, ''), { HOST_KEY: hostKey });
    open = await bootProduct(config(fake, 'network: { mediaAllowPrivate: true }'), { HOST_KEY: hostKey });
  });
  beforeEach(() => {
    server.connections = 0;
    server.paths.length = 0;
  });
  afterAll(async () => {
    await Promise.all([guarded.close(), open.close()]);
    await fake.close();
    server.close();
  });

  type Part = Anthropic.ImageBlockParam | Anthropic.DocumentBlockParam;
  const image = (url: string): Part => ({ type: 'image', source: { type: 'url', url } });
  const paper = (url: string): Part => ({ type: 'document', source: { type: 'url', url } });
  const here = (path: string, name = '127.0.0.1'): string => `http://${name}:${server.port}${path}`;

  async function ask({ url }: BootedProduct, media: readonly Part[], model = 'pictured'): Promise<string> {
    const client = new Anthropic({ baseURL: `${url}/anthropic`, apiKey: 'none', maxRetries: 0 });
    const answer = await client.messages.create({
      model,
      max_tokens: 100,
      messages: [{ role: 'user', content: [...media, { type: 'text', text: 'reply:"seen"' }] }],
    });
    return answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  }

  async function refusal(product: BootedProduct, media: readonly Part[]): Promise<string> {
    const callsBefore = fake.stats().requests;
    const error: unknown = await ask(product, media).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(fake.stats().requests).toBe(callsBefore);
    const { requests } = (await product.control('/api/v1/live')) as { requests?: { recent: { fault?: string }[] } };
    expect(requests?.recent[0]?.fault).toBe('invalid_request');
    return error instanceof Error ? error.message : '';
  }

  const sent = (): string => fake.stats().recent.at(-1)?.bodyText ?? '';

  it.each([
    ['this machine', (): string => here('/pixel.png')],
    ['this machine in other digits', (): string => `http://2130706433:${server.port}/pixel.png`],
    ['this machine as IPv6', (): string => `http://[::ffff:127.0.0.1]:${server.port}/pixel.png`],
    ['a name of this machine', (): string => here('/pixel.png', 'localhost')],
    ['the address of credentials', (): string => 'http://169.254.169.254/latest/meta-data/'],
    ['a private network', (): string => 'http://10.0.0.1/pixel.png'],
  ])('refuses %s and names the part', async (_, url) => {
    const message = await refusal(guarded, [image(url())]);
    expect(message).toContain('not a public one');
    expect(message).toContain('/messages/0/content/0');
    expect(server.connections).toBe(0);
  });

  it('never fetches from link-local addresses, whatever the setting', async () => {
    expect(await refusal(open, [image('http://169.254.169.254/latest/meta-data/')])).toContain('not a public one');
  });

  it('sends what it fetched as bytes, each URL fetched once', async () => {
    const media = [image(here('/pixel.png')), paper(here('/paper.pdf')), image(here('/pixel.png'))];
    expect(await ask(open, media)).toBe('seen');
    expect(sent()).toContain(pixelBase64);
    expect(sent()).toContain(pdf.toString('base64'));
    expect(server.paths.toSorted()).toEqual(['/paper.pdf', '/pixel.png']);
  });

  it('leaves URLs alone that the host takes, and fetches documents that it does not', async () => {
    const url = 'https://images.example.com/parcel.png';
    expect(await ask(guarded, [image(url)], 'chatted')).toBe('seen');
    expect(sent()).toContain(url);
    expect(await ask(open, [paper(here('/paper.pdf'))], 'chatted')).toBe('seen');
    expect(sent()).toContain(pdf.toString('base64'));
  });

  it('follows redirects within the same origin only', async () => {
    expect(await ask(open, [image(here('/near'))])).toBe('seen');
    expect(await refusal(open, [image(here('/away'))])).toContain('redirects to another place');
    server.paths.length = 0;
    expect(await refusal(open, [image(here('/round'))])).toContain('more than 3 times');
    expect(server.paths).toHaveLength(4);
  });

  it.each([
    ['/page', 'content type'],
    ['/paper.pdf', 'content type'],
    ['/gone', 'status 404'],
    ['/huge', 'larger than 20 MiB'],
  ])('refuses %s as an image', async (path, problem) => {
    expect(await refusal(open, [image(here(path))])).toContain(problem);
  });

  it('refuses more media than it fetches for a request', async () => {
    const media = Array.from({ length: 17 }, (_, index) => image(here(`/pixel.png?${index}`)));
    expect(await refusal(open, media)).toContain('no more than 16');
    expect(server.connections).toBe(0);
  });
});
