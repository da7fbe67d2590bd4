import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootChild } from '../../scripts/lib/product/boot-child.mjs';
import { postRaw } from '../fake-upstream/index.ts';
import { type RawCall, type RawUpstream, sendStream, startRawUpstream } from './support/raw-upstream.ts';

const providerKey = 'provider-secret-Zk81vQ+0/x';
const clientKey = 'client-secret-W7dm2Lp9';
const ownerToken = 'owner-secret-B3xx8Qe1';
const headerSecret = 'header-secret-Nn55Tt31';
const secrets = [providerKey, clientKey, ownerToken, headerSecret];

/** An upstream that repeats what it was sent, as badly written ones do. */
function echo({ headers, response }: RawCall, model: string): void {
  const said = `you sent ${String(headers['authorization'] ?? headers['x-api-key'])} and ${String(headers['x-gateway-token'])}`;
  const error = JSON.stringify({ error: { message: said, type: 'x', code: said } });
  const start = `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}\n\n`;
  switch (model) {
    case 'refuses':
      response.writeHead(400, { 'content-type': 'application/json', 'x-request-id': 'r' }).end(error);
      break;
    case 'denies':
      response.writeHead(401, { 'content-type': 'application/json' }).end(error);
      break;
    case 'fails':
      response.writeHead(500, { 'content-type': 'text/plain' }).end(said);
      break;
    case 'garbles':
      response.writeHead(200, { 'content-type': 'application/json' }).end(said);
      break;
    default:
      sendStream(response, `${start}data: ${error}\n\n`);
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('secrets', () => {
  let upstream: RawUpstream;
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-secrets-'));
  beforeAll(async () => {
    upstream = await startRawUpstream(echo);
  });
  afterAll(async () => {
    await upstream.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('[scenario 74] are in no answer, log, metric, record or journal, though the upstream repeats them', async () => {
    const configFile = join(directory, 'switchyard.yaml');
    const models = ['refuses', 'denies', 'fails', 'garbles', 'breaks'];
    writeFileSync(
      configFile,
      [
        'log: { level: debug }',
        'hosts:',
        `  echoing: { protocol: openai-chat, baseUrl: "${upstream.baseUrl}", apiKey: env:PROVIDER_KEY, headers: { x-gateway-token: ${headerSecret} } }`,
        `  echoing-too: { protocol: anthropic-messages, baseUrl: "${upstream.baseUrl}", apiKey: env:PROVIDER_KEY, headers: { x-gateway-token: ${headerSecret} } }`,
        'models:',
        ...models.map(
          (model) =>
            `  ${model}: { endpoints: [{ host: echoing, model: ${model} }, { host: echoing-too, model: ${model} }] }`,
        ),
        'keys:',
        '  - { name: dev, secret: env:CLIENT_KEY }',
        '',
      ].join('\n'),
    );
    const dataDirectory = join(directory, 'data');
    const environment = { PROVIDER_KEY: providerKey, CLIENT_KEY: clientKey, SWITCHYARD_OWNER_TOKEN: ownerToken };
    const product = await bootChild({ configFile, dataDirectory, environment });
    const outputs: [string, string][] = [];
    const messages = [{ role: 'user', content: 'Hello' }];
    for (const model of models) {
      for (const stream of [false, true]) {
        for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/responses']) {
          const body = { model, stream, messages, input: 'Hello', max_tokens: 9 };
          const answer = await postRaw(`${product.url}${path}`, body, { 'x-api-key': clientKey });
          outputs.push([`${path} ${model} ${stream}`, `${JSON.stringify(answer.headers)}${answer.text}`]);
          const record = `/api/v1/requests/${String(answer.headers['x-switchyard-request-id'])}`;
          const headers = { authorization: `Bearer ${ownerToken}` };
          outputs.push([record, await (await fetch(`${product.url}${record}`, { headers })).text()]);
        }
      }
    }
    const wrong = await postRaw(`${product.url}/v1/messages?key=${clientKey}x`, { model: 'fails' });
    outputs.push(['a wrong key', `${JSON.stringify(wrong.headers)}${wrong.text}`]);
    for (const path of ['/metrics', '/api/v1/live', '/api/v1/nothing']) {
      const headers = { authorization: `Bearer ${ownerToken}` };
      outputs.push([path, await (await fetch(`${product.url}${path}`, { headers })).text()]);
    }
    writeFileSync(configFile, `hosts: { a: { apiKey: ${providerKey} } }\n`);
    await expect.poll(() => product.log()).toContain('configuration refused');
    await product.stop('SIGTERM');
    outputs.push(['the log', product.log()]);
    for (const file of filesBelow(dataDirectory)) outputs.push([file, readFileSync(file, 'latin1')]);

    expect(upstream.calls.length).toBeGreaterThan(models.length * 6);
    expect(outputs.filter(([name]) => name.endsWith('.log'))).not.toEqual([]);
    const found = outputs.flatMap(([name, text]) =>
      secrets.flatMap((secret) =>
        [
          secret,
          encodeURIComponent(secret),
          Buffer.from(secret).toString('base64'),
          JSON.stringify(secret).slice(1, -1),
        ]
          .filter((form) => text.includes(form))
          .map(() => `${secret} in ${name}: ${text.slice(0, 300)}`),
      ),
    );
    expect(found).toEqual([]);
  }, 120_000);
});
