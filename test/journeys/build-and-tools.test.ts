import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { findSystemTools } from '../../src/runtime/workspaces/system-tools.ts';
import { type Client, createClient } from '../../src/sdk/index.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { waitUntil } from './support/wait-until.ts';

const hasSandbox = !('reason' in findSystemTools());
const code = 'print(6 * 7)';
const call = `call:switchyard_code ${JSON.stringify({ language: 'python', code })}`;

/** What models and programs do with sandboxes of this side: tools, builds, and what they are charged. */
describe.skipIf(!hasSandbox)('models use sandboxes', () => {
  let booted: BootedProduct;
  let client: Client;
  beforeAll(async () => {
    booted = await bootProduct('database: embedded\n');
    client = createClient({ url: booted.url, ownerToken: booted.product.ownerToken, timeoutMs: 30_000 });
  }, 60_000);
  afterAll(() => booted?.close());

  async function ask(path: string, body: object): Promise<{ readonly text: string; readonly requestId: string }> {
    const answer = await fetch(`${booted.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'sim/small', ...body }),
    });
    return { text: await answer.text(), requestId: answer.headers.get('x-switchyard-request-id') ?? '' };
  }

  const tools = [{ type: 'switchyard_code' }];
  const chat = { messages: [{ role: 'user', content: call }], tools };

  it.each([
    ['/v1/chat/completions', chat],
    ['/v1/chat/completions', { ...chat, stream: true }],
    ['/v1/responses', { input: call, tools }],
    ['/v1/responses', { input: call, tools, stream: true }],
    ['/v1/messages', { ...chat, max_tokens: 500 }],
    ['/v1/messages', { ...chat, max_tokens: 500, stream: true }],
  ])('a call of the code tool is run here, and its result answered: %s %j', async (path, body) => {
    const { text, requestId } = await ask(path, body);
    expect(text).toContain('42');
    const { final, attempts, outcomes } = await client.requests.get(requestId);
    expect(attempts.map(({ attempt, finishReason }) => [attempt, finishReason])).toEqual([
      [1, 'tool-calls'],
      [2, 'stop'],
    ]);
    expect(final).toMatchObject({ toolRuns: [{ tool: 'switchyard_code', status: 'succeeded' }] });
    expect(outcomes).toMatchObject([{ kind: 'run', value: 1 }]);
  });

  it('builds an app from words without any key, and serves its preview', async () => {
    await waitUntil(
      async () => (await booted.control('/api/v1/apps'))['httpStatus'] === 200,
      'the database is open',
      60_000,
    );
    const terminal = createTestTerminal({
      SWITCHYARD_OWNER_TOKEN: booted.product.ownerToken,
      SWITCHYARD_URL: booted.url,
    });
    const code = await main(['build', 'a page that counts <clicks>', '--app', 'clicks'], terminal);
    expect([code, terminal.stderr()]).toEqual([0, expect.stringContaining('passed: the tests')]);
    const url = terminal.stdout().trim().split('\n').at(-1) ?? '';
    expect(url).toBe(`${booted.url}/a/preview--clicks/`);
    expect(terminal.stdout()).toContain('simulated');
    const page = await fetch(url);
    expect(page.status).toBe(200);
    const text = await page.text();
    expect(text).toContain('Simulated: no real model wrote this page');
    expect(text).toContain('&#60;clicks&#62;');
    const [buildId = ''] = /bld_[0-9a-f]{32}/.exec(terminal.stderr()) ?? [];
    const build = await client.builds.get(buildId);
    expect(build).toMatchObject({ status: 'deployed', app: 'clicks', isSimulated: true });
    const record = await client.requests.get(build.questions[0]?.requestId ?? '');
    expect(record.outcomes).toMatchObject([{ kind: 'run', value: 1, source: 'runtime' }]);
    await expect(client.builds.get(`bld_${'0'.repeat(32)}`)).rejects.toMatchObject({ problem: { code: 'not_found' } });
  });
});
