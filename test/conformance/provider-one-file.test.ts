import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listHostFiles, renderHostsPage, renderRegistry } from '../../scripts/generators/provider-registry.ts';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';

interface Seen {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

let root: string;
let upstream: Server;
const seen: Seen[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'switchyard-host-'));
  await cp(join(repositoryRoot, 'src'), join(root, 'src'), { recursive: true });
  await cp(join(repositoryRoot, 'package.json'), join(root, 'package.json'));
  await symlink(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  upstream = createServer((incoming, outgoing) => {
    let text = '';
    incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
    incoming.on('end', () => {
      seen.push({ url: incoming.url, headers: incoming.headers, body: JSON.parse(text) });
      const message = { role: 'assistant', content: 'pong' };
      const answer = { id: 'a', choices: [{ index: 0, message, finish_reason: 'stop' }] };
      outgoing.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
  await rm(root, { recursive: true });
});

/** The one file that a new host needs. */
const hostFile = `import { openAICompatible } from '../openai-compatible.ts';

/** Acme, in OpenAI's dialect. */
export const acmeCloud = openAICompatible({
  id: 'acme-cloud',
  name: 'Acme Cloud',
  baseUrl: 'https://api.acme.example/v1',
  keyEnv: ['ACME_API_KEY'],
  documentation: { url: 'https://docs.acme.example/chat', date: '2026-11-22' },
  quirks: { maxTokensField: 'max_tokens', streamOptions: 'unsupported' },
});
`;

/** Uses the new host as the product would, in a process of its own. */
const useHost = `
import { request } from 'undici';
const { createProviderRegistry } = await import(process.argv[2]);
const { openAIChatInbound } = await import(process.argv[3]);
const registry = createProviderRegistry({ clock: { nowMs: () => 0, monotonicMs: () => 0 } });
const provider = registry.findProviderForHost({ id: 'acme-cloud' });
const host = {
  id: 'acme-cloud', protocol: provider.protocol, providerId: provider.id, baseUrl: process.argv[4],
  auth: { type: 'api-key', apiKey: 'acme-key' }, headers: {}, maxConnections: 1,
  timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
};
const endpoint = {
  id: 'acme-cloud/big', modelName: 'big', upstreamModel: 'big', weight: 1, price: undefined, limits: {},
  capabilities: {}, host,
};
const body = { model: 'acme-cloud/big', max_completion_tokens: 9, messages: [{ role: 'user', content: 'ping' }] };
const call = {
  operation: 'generate', dialect: 'openai-chat', bytes: Buffer.from(JSON.stringify(body)), body, stream: false,
  contentType: 'application/json', headers: {}, parse: () => { throw new Error('no translation needed'); },
};
const encoded = provider.encode(call, endpoint);
const signed = await provider.sign(encoded.request, endpoint);
const answer = await request(signed.origin + signed.path, {
  method: signed.method, headers: signed.headers, body: signed.body,
});
const completion = encoded.decodeCompletion(await answer.body.json());
process.stdout.write(completion.blocks[0].text);
process.exit(0);
`;

async function run(script: string, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], { cwd: root });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(Buffer.concat(errors).toString());
  return Buffer.concat(output).toString();
}

describe('a new compatible host', () => {
  test('is one file of at most 40 lines and nothing else', async () => {
    expect(hostFile.split('\n').length).toBeLessThanOrEqual(40);
    await writeFile(join(root, 'src/providers/hosts/acme-cloud.ts'), hostFile);
    await writeFile(join(root, 'src/providers/registry.gen.ts'), renderRegistry(root));
    await writeFile(join(root, 'use-host.mjs'), useHost);
    const module = (path: string): string => pathToFileURL(join(root, path)).href;
    const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
    const text = await run('use-host.mjs', module('src/providers/index.ts'), module('src/protocols/index.ts'), baseUrl);
    expect(text).toBe('pong');
    expect(seen).toMatchObject([
      {
        url: '/v1/chat/completions',
        headers: { authorization: 'Bearer acme-key' },
        body: { model: 'big', max_tokens: 9 },
      },
    ]);
    expect(await renderHostsPage(root)).toContain('**acme-cloud** Acme Cloud');
  });

  test('of ours is never longer than that either', async () => {
    const files = listHostFiles(repositoryRoot);
    expect(files.length).toBeGreaterThan(40);
    for (const { file } of files) {
      const text = await readFile(join(repositoryRoot, 'src/providers/hosts', file), 'utf8');
      expect(text.split('\n').length, file).toBeLessThanOrEqual(41);
    }
  });

  test('cannot be lost: a checkout without hosts generates nothing', () => {
    expect(() => renderRegistry(join(root, 'nowhere'))).toThrow('no host found');
  });
});
