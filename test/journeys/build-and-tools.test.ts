import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { findSystemTools } from '../../src/runtime/workspaces/system-tools.ts';
import { type Client, createClient, type Exchange, type RequestRecord } from '../../src/sdk/index.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { waitUntil } from './support/wait-until.ts';

const apiKey = 'sk-acme-0123456789';
const poorKey = 'sk-poor-0123456789';
/** Running code costs a dollar for each second of CPU time, so that little of it is seen in the books. */
const config = (stubborn: string): string => `
database: embedded
server: { keepaliveMs: 1000 }
compute: { cpuSecond: 1 }
hosts:
  own: { protocol: openai-chat, baseUrl: "${stubborn}/v1", apiKey: "env:OWN_KEY" }
models:
  stubborn: { endpoints: [{ host: own, model: stubborn, price: { input: 1, output: 1 } }] }
customers:
  - { name: acme }
  - { name: poor }
keys:
  - { name: poor-key, secret: "env:POOR_KEY", customer: poor, budget: { limitUsd: "0.01", period: lifetime } }
  - { name: acme-key, secret: "env:ACME_KEY", customer: acme }
`;
const hasSandbox = !('reason' in findSystemTools());
const program = 'print(6 * 7)';
const call = `call:switchyard_code ${JSON.stringify({ language: 'python', code: program })}`;

interface Stubborn {
  readonly url: string;
  readonly asked: Record<string, unknown>[];
  close(): Promise<void>;
}

/** A host whose model calls the code tool whatever it is told. */
async function startStubborn(): Promise<Stubborn> {
  const asked: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      asked.push(body);
      // It writes as much as it may.
      const written = typeof body['max_tokens'] === 'number' ? body['max_tokens'] : 10;
      const called = { name: 'switchyard_code', arguments: '{"language":"shell","code":"true"}' };
      const toolCalls = [{ id: `call_${asked.length}`, type: 'function', function: called }];
      const message = { role: 'assistant', content: 'thinking', tool_calls: toolCalls };
      const usage = { prompt_tokens: 10, completion_tokens: written, total_tokens: 10 + written };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: 'x', choices: [{ index: 0, message, finish_reason: 'tool_calls' }], usage }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Charged {
  readonly compute: { readonly cpuMs: number };
  readonly chargeNanos: string;
  readonly costNanos: string;
}

/** What models and programs do with sandboxes of this side: tools, builds, and what they are charged. */
describe.skipIf(!hasSandbox)('models use sandboxes', () => {
  let booted: BootedProduct;
  let client: Client;
  let stubborn: Stubborn;
  beforeAll(async () => {
    stubborn = await startStubborn();
    booted = await bootProduct(config(stubborn.url), { ACME_KEY: apiKey, POOR_KEY: poorKey, OWN_KEY: 'sk-own' });
    client = createClient({ url: booted.url, ownerToken: booted.product.ownerToken, timeoutMs: 30_000 });
  });
  afterAll(async () => {
    await booted?.close();
    await stubborn?.close();
  });

  async function ask(
    path: string,
    body: object,
    key = apiKey,
  ): Promise<{ readonly text: string; readonly requestId: string }> {
    const answer = await fetch(`${booted.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        authorization: `Bearer ${key}`,
      },
      body: JSON.stringify(path.startsWith('/v1beta') ? body : { model: 'sim/small', ...body }),
    });
    return { text: await answer.text(), requestId: answer.headers.get('x-switchyard-request-id') ?? '' };
  }

  const databaseOpen = (): Promise<void> =>
    waitUntil(async () => (await booted.control('/api/v1/apps'))['httpStatus'] === 200, 'the database is open');

  const tools = [{ type: 'switchyard_code' }];
  const gemini = { contents: [{ role: 'user', parts: [{ text: call }] }], tools: [{ switchyard_code: {} }] };
  const chat = { messages: [{ role: 'user', content: call }], tools };

  it.each([
    ['/v1/chat/completions', chat],
    ['/v1/chat/completions', { ...chat, stream: true }],
    ['/v1/responses', { input: call, tools }],
    ['/v1/responses', { input: call, tools, stream: true }],
    ['/v1/messages', { ...chat, max_tokens: 500 }],
    ['/v1/messages', { ...chat, max_tokens: 500, stream: true }],
    ['/v1beta/models/sim%2Fsmall:generateContent', gemini],
    ['/v1beta/models/sim%2Fsmall:streamGenerateContent?alt=sse', gemini],
  ])('a call of the code tool is run here, and its result answered: %s %#', async (path, body) => {
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

  it('a tool of the client goes to the client, and the code tool beside it is not run', async () => {
    const lookup = { type: 'function', function: { name: 'lookup', parameters: { type: 'object', properties: {} } } };
    const messages = [{ role: 'user', content: `${call}\ncall:lookup {}` }];
    const { text, requestId } = await ask('/v1/chat/completions', { messages, tools: [...tools, lookup] });
    const [choice] = (JSON.parse(text) as { choices: { finish_reason: string; message: { tool_calls: object[] } }[] })
      .choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    expect(choice?.message.tool_calls).toMatchObject([{ function: { name: 'lookup' } }]);
    expect((await client.requests.get(requestId)).final).not.toHaveProperty('toolRuns');
  });

  it('what goes wrong with a tool is its result, and what it is forced to is done once', async () => {
    const failing = `call:switchyard_code ${JSON.stringify({ language: 'python', code: 'import nothing_such' })}`;
    const failed = await ask('/v1/chat/completions', { messages: [{ role: 'user', content: failing }], tools });
    expect(failed.text).toContain('ModuleNotFoundError');
    const wrong = 'call:switchyard_code {"language":"cobol"}';
    const body = { messages: [{ role: 'user', content: wrong }], tools, tool_choice: 'required' };
    const { text, requestId } = await ask('/v1/chat/completions', body);
    expect(text).toContain('must be one of python');
    expect((await client.requests.get(requestId)).final).toMatchObject({ toolRuns: [{ status: 'refused' }] });
  });

  it('a model that never stops calling answers in the last round, or is cut, and costs what its rounds cost', async () => {
    const messages = [{ role: 'user', content: 'go on' }];
    const asked = { model: 'stubborn', messages, tools: [{ type: 'switchyard_code', max_rounds: 3 }] };
    const { text, requestId } = await ask('/v1/chat/completions', asked);
    expect(JSON.parse(text)).toMatchObject({
      choices: [{ finish_reason: 'length', message: { content: 'thinking\n\nthinking\n\nthinking' } }],
      usage: { prompt_tokens: 30, completion_tokens: 30 },
    });
    expect(stubborn.asked.map((body) => body['tool_choice'])).toEqual([undefined, undefined, 'none']);
    const { final, attempts } = await client.requests.get(requestId);
    expect(attempts.map(({ attempt, costNanos }) => [attempt, costNanos])).toEqual([
      [1, '20000'],
      [2, '20000'],
      [3, '20000'],
    ]);
    expect(final).toMatchObject({ costNanos: '60000', chargeNanos: '60000', attempts: 3 });
    expect((final as unknown as { toolRuns: object[] }).toolRuns).toHaveLength(2);
  });

  it('a hard limit ends the rounds, not the answer', async () => {
    await databaseOpen();
    const messages = [{ role: 'user', content: 'go on' }];
    const asked = { model: 'stubborn', max_tokens: 4000, messages, tools };
    let answer = await ask('/v1/chat/completions', asked, poorKey);
    const isServed = async (): Promise<boolean> => {
      if (!answer.text.includes('budget_unavailable')) return true;
      answer = await ask('/v1/chat/completions', asked, poorKey);
      return false;
    };
    await waitUntil(isServed, 'the budget is leased');
    expect(JSON.parse(answer.text)).toMatchObject({ choices: [{ finish_reason: 'length' }] });
    const { attempts, chargeNanos } = await client.requests.get(answer.requestId);
    // Two as long as asked for, then shorter ones, until what is left is no answer.
    expect(attempts.length).toBeGreaterThan(2);
    expect(attempts.length).toBeLessThan(6);
    expect(BigInt(chargeNanos ?? 0)).toBeGreaterThan(9_000_000n);
    expect(BigInt(chargeNanos ?? 0)).toBeLessThanOrEqual(10_000_000n);
  });

  it('a client that leaves ends the program, and the record says so', async () => {
    const leave = new AbortController();
    const endless = `call:switchyard_code ${JSON.stringify({ language: 'python', code: 'while True: pass' })}`;
    const answer = await fetch(`${booted.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model: 'sim/small', messages: [{ role: 'user', content: endless }], tools, stream: true }),
      signal: leave.signal,
    });
    const requestId = answer.headers.get('x-switchyard-request-id') ?? '';
    // A comment in the silence: the program runs.
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) if (/^: /m.test(decoder.decode(chunk))) break;
    leave.abort();
    await waitUntil(async () => (await client.requests.get(requestId)).status === 'aborted', 'the exchange is over');
    expect((await client.requests.get(requestId)).final).toMatchObject({
      httpStatus: 499,
      toolRuns: [{ status: 'cancelled' }],
    });
  });

  it('code is charged in the ledger to who asked for it, and refused at a hard limit', async () => {
    await databaseOpen();
    const { requestId } = await ask('/v1/chat/completions', chat);
    const { final } = await client.requests.get(requestId);
    const [ran] = (final as unknown as { toolRuns: { runId: string }[] }).toolRuns;
    const charged = async (): Promise<readonly Exchange[]> =>
      (await client.requests.list({ customer: 'acme', model: 'compute/run', limit: 100 })).data;
    const recordOf = async (): Promise<RequestRecord | undefined> => {
      const records = await Promise.all((await charged()).map((one) => client.requests.get(one.requestId)));
      return records.find((one) => JSON.stringify(one.final).includes(ran?.runId ?? 'none'));
    };
    await waitUntil(async () => (await recordOf()) !== undefined, 'the run is booked');
    const record = await recordOf();
    if (!record) throw new Error('it was there');
    const { compute, chargeNanos, costNanos } = record.final as unknown as Charged;
    expect(compute).toMatchObject({ kind: 'run', subject: ran?.runId, exchangeId: requestId });
    // A dollar a second is a million nano-USD a millisecond.
    expect(chargeNanos).toBe(`${compute.cpuMs}000000`);
    expect(costNanos).toBe('0');
    // What else was asked for is booked by and by.
    const differs = async (): Promise<string> => {
      const { data, sumNanos } = await client.ledger.accounts();
      expect(sumNanos).toBe('0');
      const owed = data.filter(({ owner, kind }) => owner === 'acme' && kind === 'accrued');
      const all = (await client.requests.list({ customer: 'acme', limit: 100 })).data;
      const sum = all.reduce((total, one) => total + BigInt(one.chargeNanos ?? 0), 0n);
      const said = owed.map(({ balanceNanos }) => balanceNanos.replace('-', '')).join();
      return said === String(sum) ? '' : `${said} is owed for ${sum}`;
    };
    await expect.poll(differs).toBe('');
    const refused = await ask('/v1/chat/completions', chat, poorKey);
    expect(refused.text).toContain('Not run: ');
    expect(refused.text).toContain('budget');
  });

  it('programs of others reach the tools at /mcp with a key, and never without one', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    expect((await fetch(`${booted.url}/mcp`, { method: 'POST', headers, body })).status).toBe(401);
    const requestInit = { headers: { authorization: `Bearer ${apiKey}` } };
    const mcp = new McpClient({ name: 'journey', version: '1' });
    await mcp.connect(new StreamableHTTPClientTransport(new URL(`${booted.url}/mcp`), { requestInit }));
    const run = await mcp.callTool({ name: 'run', arguments: { language: 'python', code: program } });
    expect(run.structuredContent).toMatchObject({ status: 'succeeded', stdout: '42\n' });
    await databaseOpen();
    const files = [{ path: 'public/index.html', content: '<h1>from a model</h1>' }];
    const deployed = await mcp.callTool({ name: 'deploy', arguments: { app: 'by-mcp', files } });
    expect(deployed.structuredContent).toMatchObject({ alias: 'preview', path: '/a/preview--by-mcp/' });
    expect(await client.apps.get('by-mcp')).toMatchObject({ customer: 'acme' });
    await mcp.close();
  });

  it('builds an app from words, and serves its preview', async () => {
    await databaseOpen();
    const terminal = createTestTerminal({
      SWITCHYARD_OWNER_TOKEN: booted.product.ownerToken,
      SWITCHYARD_URL: booted.url,
    });
    const code = await main(
      ['build', 'a page that counts <clicks>', '--app', 'clicks', '--model', 'sim/small'],
      terminal,
    );
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
