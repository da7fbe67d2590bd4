import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstreams } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct, rebootProduct } from './support/boot-product.ts';

const secrets = { ONE: 'sk-one', TWO: 'sk-two', NARROW: 'sk-narrow' };

function configOf([first, second]: readonly FakeUpstream[]): string {
  return `
hosts:
  left: { protocol: openai-chat, baseUrl: "${first?.baseUrl}" }
  right: { protocol: openai-responses, baseUrl: "${second?.baseUrl}" }
  claude: { protocol: anthropic-messages, baseUrl: "${second?.baseUrl}" }
models:
  small:
    endpoints: [{ host: right, model: gpt-small }]
keys:
  - { name: one, secret: "env:ONE" }
  - { name: two, secret: "env:TWO" }
  - { name: narrow, secret: "env:NARROW", models: [small] }
`;
}

function rows(...models: readonly string[]): string {
  return models
    .map((model, at) => ({ custom_id: `row-${at}`, method: 'POST', url: '/v1/chat/completions', body: { model } }))
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
}

describe('files and batches', () => {
  let fakes: readonly FakeUpstream[];
  let booted: BootedProduct;
  let one: OpenAI;
  let two: OpenAI;
  let narrow: OpenAI;

  const clientOf = (secret: string): OpenAI =>
    new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: secret, maxRetries: 0 });
  const openClients = (): void => {
    one = clientOf(secrets.ONE);
    two = clientOf(secrets.TWO);
    narrow = clientOf(secrets.NARROW);
  };
  const at = (host: string): { headers: { 'x-switchyard-host': string } } => ({
    headers: { 'x-switchyard-host': host },
  });
  const requestsAt = (index: number): number => fakes[index]?.stats().requests ?? Number.NaN;

  beforeAll(async () => {
    fakes = await startFakeUpstreams(2);
    booted = await bootProduct(configOf(fakes), secrets);
    openClients();
  });
  afterAll(async () => {
    await booted.close();
    await Promise.all(fakes.map((fake) => fake.close()));
  });
  beforeEach(() => fakes.forEach((fake) => fake.reset()));

  it('uploads to the first host that keeps files, and keeps the bytes', async () => {
    const content = Buffer.from(Array.from({ length: 5000 }, (_, byte) => byte % 256));
    const { data: file, response } = await one.files
      .create({ file: await toFile(content, 'picture.bin'), purpose: 'user_data' })
      .withResponse();
    expect(response.headers.get('x-switchyard-host')).toBe('left');
    expect(file).toMatchObject({ object: 'file', bytes: 5000, purpose: 'user_data' });
    expect((await one.files.retrieve(file.id)).filename).toBe('picture.bin');
    const answer = await one.files.content(file.id);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true);
    expect(await one.files.delete(file.id)).toMatchObject({ id: file.id, deleted: true });
    await expect(one.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
    expect(requestsAt(1)).toBe(0);
  });

  it('goes on at the host that a file was put on', async () => {
    const file = await one.files.create(
      { file: await toFile(Buffer.from('text'), 'a.txt'), purpose: 'user_data' },
      at('right'),
    );
    await one.files.retrieve(file.id);
    await one.files.delete(file.id);
    expect([requestsAt(0), requestsAt(1)]).toEqual([0, 3]);
  });

  it('refuses hosts that keep no files, that do not exist or that the key may not use', async () => {
    const body = { file: await toFile(Buffer.from('text'), 'a.txt'), purpose: 'user_data' } as const;
    await expect(one.files.create(body, at('claude'))).rejects.toThrow(/403.*left, right/);
    await expect(one.files.create(body, at('nowhere'))).rejects.toMatchObject({ status: 403 });
    await expect(narrow.files.create(body, at('left'))).rejects.toMatchObject({ status: 403 });
    expect([requestsAt(0), requestsAt(1)]).toEqual([0, 0]);
    const { response } = await narrow.files.create(body).withResponse();
    expect(response.headers.get('x-switchyard-host')).toBe('right');
  });

  it('shows each key its own files only', async () => {
    const text = (name: string) => toFile(Buffer.from(name), name);
    const mine = await one.files.create({ file: await text('mine.txt'), purpose: 'user_data' });
    const theirs = await two.files.create({ file: await text('theirs.txt'), purpose: 'user_data' }, at('right'));
    const listed = async (client: OpenAI): Promise<string[]> => {
      const ids = [];
      for await (const file of client.files.list()) ids.push(file.id);
      return ids;
    };
    expect(await listed(one)).toContain(mine.id);
    expect(await listed(one)).not.toContain(theirs.id);
    expect(await listed(two)).toEqual([theirs.id]);
    const seen = requestsAt(0) + requestsAt(1);
    await expect(two.files.retrieve(mine.id)).rejects.toMatchObject({ status: 404 });
    await expect(two.files.content(mine.id)).rejects.toMatchObject({ status: 404 });
    await expect(two.files.delete(mine.id)).rejects.toMatchObject({ status: 404 });
    const batch = { input_file_id: mine.id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
    await expect(two.batches.create(batch)).rejects.toMatchObject({ status: 404 });
    expect(requestsAt(0) + requestsAt(1)).toBe(seen);
  });

  it('pages through lists', async () => {
    const ids: string[] = [];
    for (const name of ['1', '2', '3']) {
      ids.push((await narrow.files.create({ file: await toFile(Buffer.from(name), name), purpose: 'user_data' })).id);
    }
    const first = await narrow.files.list({ limit: 2, order: 'asc' });
    expect(first.data.map(({ id }) => id)).toEqual([expect.anything(), ids[0]]);
    const all = [];
    for await (const file of narrow.files.list({ limit: 2, order: 'asc' })) all.push(file.id);
    expect(all.slice(-3)).toEqual(ids);
    await expect(narrow.files.list({ limit: 0 })).rejects.toMatchObject({ status: 400 });
  });

  it('runs a batch where its input is, for the key that made it', async () => {
    const file = await one.files.create(
      { file: await toFile(Buffer.from(rows('gpt-a', 'gpt-b')), 'in.jsonl'), purpose: 'batch' },
      at('right'),
    );
    const { data: batch, response } = await one.batches
      .create({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' })
      .withResponse();
    expect(response.headers.get('x-switchyard-host')).toBe('right');
    expect(batch).toMatchObject({ object: 'batch', status: 'validating', input_file_id: file.id });
    expect((await one.batches.list()).data.map(({ id }) => id)).toContain(batch.id);
    expect((await two.batches.list()).data).toEqual([]);
    await expect(two.batches.retrieve(batch.id)).rejects.toMatchObject({ status: 404 });
    await expect(two.batches.cancel(batch.id)).rejects.toMatchObject({ status: 404 });
    expect((await one.batches.cancel(batch.id)).status).toBe('cancelling');
    expect((await one.batches.retrieve(batch.id)).status).toBe('cancelling');
    expect(requestsAt(0)).toBe(0);
    const record = await booted.control(`/api/v1/requests/${response.headers.get('x-switchyard-request-id')}`);
    expect(record).toMatchObject({
      status: 'completed',
      open: { operation: 'batches', model: 'gpt-a,gpt-b', key: 'one' },
    });
  });

  it('refuses a batch with a row whose model the key may not use', async () => {
    const upload = async (...models: readonly string[]): Promise<string> => {
      const file = await toFile(Buffer.from(rows(...models)), 'in.jsonl');
      return (await narrow.files.create({ file, purpose: 'batch' })).id;
    };
    const start = (input_file_id: string) =>
      narrow.batches.create({ input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' });
    await expect(start(await upload('gpt-small', 'gpt-large'))).rejects.toThrow(/403.*gpt-large/);
    expect((await start(await upload('gpt-small', 'gpt-small'))).status).toBe('validating');
  });

  it('refuses an input that is none', async () => {
    const upload = async (content: string, purpose: 'batch' | 'user_data') =>
      one.files.create({ file: await toFile(Buffer.from(content), 'in.jsonl'), purpose });
    await expect(upload('not json\n', 'batch')).rejects.toThrow(/400.*row 1/);
    await expect(upload('', 'batch')).rejects.toThrow(/400.*no rows/);
    const { id } = await upload(rows('gpt-a'), 'user_data');
    const batch = { input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
    await expect(one.batches.create(batch)).rejects.toThrow(/400.*purpose "batch"/);
  });

  it('knows after a restart whose everything is', async () => {
    const file = await one.files.create(
      { file: await toFile(Buffer.from(rows('gpt-a')), 'in.jsonl'), purpose: 'batch' },
      at('right'),
    );
    booted = await rebootProduct(booted, secrets);
    openClients();
    expect((await one.files.retrieve(file.id)).id).toBe(file.id);
    await expect(two.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
    await one.batches.create({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' });
  });
});
