import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import {
  type AppDeploy,
  CodeSession,
  type ComputePayer,
  defaultLimits,
  maximumLimits,
  NamedSessions,
  type Receipt,
  RunSlots,
  WorkspaceDriver,
} from '../../runtime/index.ts';
import { type KeyRing, localKey } from '../../tenants/index.ts';
import { createMcpHandler } from './mcp-handler.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-mcp-'));
const newId = createIdSource(systemClock, createSystemRandom());
const driver = new WorkspaceDriver({ dataFolder: folder, clock: systemClock, newId });
const isUsable = (await driver.probe()).unusable === undefined;
const receipts: Receipt[] = [];
const payers: ComputePayer[] = [];
const deploys: AppDeploy[] = [];
const settings = { minIsolation: 'sandbox-rlimit', limits: defaultLimits, mostLimits: maximumLimits } as const;
const workspaces = new NamedSessions(
  systemClock,
  (owner) =>
    new CodeSession(owner, {
      driver,
      clock: systemClock,
      newId,
      settings: () => ({ ...settings, concurrent: 2, waiting: 4 }),
      canTranslate: false,
      slots: new RunSlots(2, 4),
      record: (receipt) => Promise.resolve(void receipts.push(receipt)),
    }),
);
const secrets = { acme: 'sk-acme-0123456789', other: 'sk-other-0123456789', owner: 'sk-owner-0123456789' };
const keys: KeyRing = {
  find(secret) {
    const [name] = Object.entries(secrets).find(([, one]) => one === secret) ?? [];
    const customer = name === 'owner' ? 'default' : name;
    return name === undefined || customer === undefined ? undefined : { ...localKey, name, customer, project: 'web' };
  },
  named: () => undefined,
  isEmpty: true,
};

let server: Server;
let url: URL;
beforeAll(async () => {
  const handle = createMcpHandler({
    session(caller, name) {
      payers.push(caller.payer);
      return workspaces.get(caller.payer, name);
    },
    deploy(wanted) {
      deploys.push(wanted);
      if (wanted.app === 'taken') throw new Fault('conflict', { message: 'The name "taken" is taken.' });
      const { app, alias } = wanted;
      return Promise.resolve({ app, alias, version: 'ver_1', path: `/a/${app}/`, url: `http://here/a/${app}/` });
    },
    absence: () => undefined,
    keys: () => keys,
    identify(token) {
      if (token === 'owner-token') return Promise.resolve({ name: 'owner', role: 'owner' });
      return Promise.resolve(token === 'token-named-acme' ? { name: 'acme', role: 'operator' } : undefined);
    },
    admits: () => true,
    troubled(error) {
      throw error;
    },
  });
  server = createServer((request, response) => void (handle(request, response) || response.writeHead(404).end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
});
afterAll(async () => {
  await workspaces.close();
  await driver.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function connected(token: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
  return client;
}

function textOf(result: unknown): string {
  const { content } = result as { readonly content: readonly { readonly text?: string }[] };
  return content.map(({ text }) => text ?? '').join('');
}

describe('the tool server', () => {
  it('serves nobody without a token, or with an unknown one', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    for (const token of ['', 'sk-unknown']) {
      const headers = { 'content-type': 'application/json', ...(token !== '' && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(url, { method: 'POST', body, headers });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', error: { data: { code: 'key_invalid' } } });
    }
  });

  it('offers run, files and deploy to the official client', async () => {
    const client = await connected(secrets.acme);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(['deploy', 'files', 'run']);
    await client.close();
  });

  it('deploys for the customer of the key, and tells a refusal as a result', async () => {
    const client = await connected(secrets.acme);
    const files = [{ path: 'public/index.html', content: '<h1>hello</h1>' }];
    const done = await client.callTool({ name: 'deploy', arguments: { app: 'shop', files } });
    expect(textOf(done)).toContain('http://here/a/shop/');
    expect(deploys.at(-1)).toMatchObject({ app: 'shop', alias: 'preview', customer: 'acme', actor: { name: 'acme' } });
    const refused = await client.callTool({ name: 'deploy', arguments: { app: 'taken', files } });
    expect(refused.isError).toBe(true);
    expect(textOf(refused)).toContain('conflict');
    await client.close();
  });

  it.skipIf(!isUsable)('keeps the files of a workspace between calls, for the key that wrote them', async () => {
    const client = await connected(secrets.acme);
    const files = [{ path: 'data/number.txt', content: '41' }];
    await client.callTool({ name: 'files', arguments: { action: 'write', files } });
    const code = 'n = int(open("data/number.txt").read()) + 1\nopen("answer.txt", "w").write(str(n))\nprint(n)';
    const run = await client.callTool({ name: 'run', arguments: { language: 'python', code } });
    expect(run.structuredContent).toMatchObject({ status: 'succeeded', exitCode: 0, stdout: '42\n' });
    const read = await client.callTool({ name: 'files', arguments: { action: 'read', path: 'answer.txt' } });
    expect(textOf(read)).toBe('42');
    const listed = await client.callTool({ name: 'files', arguments: { action: 'list' } });
    expect(textOf(listed)).toContain('answer.txt');
    expect(receipts.at(-1)).toMatchObject({ customer: 'acme', status: 'succeeded' });
    await client.close();
    const other = await connected(secrets.other);
    const foreign = await other.callTool({ name: 'files', arguments: { action: 'read', path: 'answer.txt' } });
    expect(foreign.isError).toBe(true);
    await other.close();
  });

  it('takes nobody for somebody else of the same name, and bills the project of a key', async () => {
    payers.length = 0;
    for (const token of ['owner-token', secrets.owner, 'token-named-acme', secrets.acme]) {
      const client = await connected(token);
      await client.callTool({ name: 'files', arguments: { action: 'list', session: 'names' } });
      await client.close();
    }
    expect(payers).toEqual([
      { customer: 'default', key: 'owner:owner' },
      { customer: 'default', key: 'owner', project: 'web' },
      { customer: 'default', key: 'token:acme' },
      { customer: 'acme', key: 'acme', project: 'web' },
    ]);
  });

  it.skipIf(!isUsable)('tells of a program that failed, and refuses paths that leave the workspace', async () => {
    const client = await connected('owner-token');
    const failed = await client.callTool({
      name: 'run',
      arguments: { language: 'shell', code: 'echo no >&2; exit 3' },
    });
    expect(failed.isError).toBe(true);
    expect(textOf(failed)).toContain('exit code 3');
    const files = [{ path: '../escape', content: '' }];
    const refused = await client
      .callTool({ name: 'files', arguments: { action: 'write', files } })
      .catch((error: unknown) => ({ isError: true, content: [{ text: String(error) }] }));
    expect(refused.isError).toBe(true);
    await client.close();
  });
});
