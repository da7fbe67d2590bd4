import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCell } from './support/client-cells.ts';
import { type ClientWorld, clientKey, drives, narrowKey, startClientWorld, upstreams } from './support/client-world.ts';

let world: ClientWorld;

beforeAll(async () => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  world = await startClientWorld();
});
afterAll(() => world.close());

describe.each(drives.filter(({ embed }) => embed))('$name', (drive) => {
  it.each(upstreams)('embeds over $dialect', async (upstream) => {
    const cell = world.cell(drive, upstream);
    await checkCell(cell, 'embeddings', async () => {
      const vector = await drive.embed?.(cell.setup(), 'a parcel');
      expect(vector).toHaveLength(8);
      expect(vector?.some((value) => value !== 0)).toBe(true);
    });
  });
});

describe.each(drives.filter(({ countTokens }) => countTokens))('$name', (drive) => {
  it.each(upstreams)('[scenario 11] counts tokens over $dialect', async (upstream) => {
    const cell = world.cell(drive, upstream);
    const callsBefore = cell.fake.stats().requests;
    const tokens = await drive.countTokens?.(cell.setup(), 'Where is my parcel?');
    expect(tokens).toBeGreaterThan(2);
    expect(tokens).toBeLessThan(60);
    // The host of the same dialect is asked; elsewhere the estimate is ours.
    expect(cell.fake.stats().requests - callsBefore).toBe(upstream.dialect === drive.dialect ? 1 : 0);
  });
});

it('[scenario 11] labels an estimate as one', async () => {
  const upstream = upstreams.find(({ dialect }) => dialect === 'openai-chat') ?? expect.unreachable();
  const drive = drives.find(({ dialect }) => dialect === 'anthropic-messages') ?? expect.unreachable();
  const answer = await fetch(`${world.booted.url}/anthropic/v1/messages/count_tokens`, {
    method: 'POST',
    headers: { 'x-api-key': clientKey, 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      model: world.cell(drive, upstream).model,
      messages: [{ role: 'user', content: 'Where is my parcel?' }],
    }),
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-switchyard-estimated')).toBe('true');
});

describe.each(drives.filter(({ listModels }) => listModels))('$name', (drive) => {
  const chat = upstreams.find(({ dialect }) => dialect === 'openai-chat') ?? expect.unreachable();
  const gemini = upstreams.find(({ dialect }) => dialect === 'gemini') ?? expect.unreachable();

  it('[scenario 10] lists and retrieves the models that its key may use, and no others', async () => {
    const allowed = world.cell(drive, chat);
    const forbidden = world.cell(drive, gemini);
    const all = await drive.listModels?.(allowed.setup());
    expect(all).toEqual(expect.arrayContaining([allowed.model, forbidden.model]));
    const narrow = (await drive.listModels?.(allowed.setup({ apiKey: narrowKey }))) ?? [];
    expect(narrow).toContain(allowed.model);
    expect(narrow.filter((name) => !name.includes('-on-openai-chat-for-'))).toEqual([]);
    expect(await drive.retrieveModel?.(allowed.setup({ apiKey: narrowKey }))).toBe(allowed.model);
    const refused = drive.retrieveModel?.(forbidden.setup({ apiKey: narrowKey })).catch((error: unknown) => error);
    expect(drive.readError(await refused).status).toBe(404);
    const denied = forbidden.open({ apiKey: narrowKey }).ask({ text: 'hi' }, { stream: false });
    expect(drive.readError(await denied.catch((error: unknown) => error)).status).toBe(403);
  });
});

describe.each(drives)('$name', (drive) => {
  it('[scenario 10] is told the nearest names when it asks for a model that does not exist', async () => {
    const upstream = upstreams[0] ?? expect.unreachable();
    const cell = world.cell(drive, upstream);
    const asked = cell.open({ model: `${cell.model}x` }).ask({ text: 'hi' }, { stream: false });
    const seen = drive.readError(await asked.catch((error: unknown) => error));
    expect(seen.status).toBe(404);
    expect(seen.message).toContain(cell.model);
  });

  it('is told about a wrong key by 401', async () => {
    const upstream = upstreams[0] ?? expect.unreachable();
    const asked = world.cell(drive, upstream).open({ apiKey: 'sk-wrong' }).ask({ text: 'hi' }, { stream: false });
    expect(drive.readError(await asked.catch((error: unknown) => error)).status).toBe(401);
  });
});
