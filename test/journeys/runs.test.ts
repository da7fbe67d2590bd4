import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { createClient, type Client, type RunReceipt } from '../../src/sdk/index.ts';
import { findSystemTools } from '../../src/runtime/workspaces/system-tools.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { waitUntil } from './support/wait-until.ts';
import { bootProduct, type BootedProduct, rebootProduct } from './support/boot-product.ts';

const hasSandbox = !('reason' in findSystemTools());
let booted: BootedProduct;
let client: Client;
beforeAll(async () => {
  booted = await bootProduct('');
  client = createClient({ url: booted.url, ownerToken: booted.product.ownerToken, timeoutMs: 30_000 });
});
afterAll(() => booted.close());

async function receiptOf(input: Parameters<Client['runs']['start']>[0]): Promise<RunReceipt> {
  for await (const event of client.runs.start(input)) if (event.type === 'receipt') return event.receipt;
  throw new Error('no receipt');
}

/** Leaves as soon as the run is named. */
async function startAndLeave(): Promise<string> {
  const leaving = new AbortController();
  const answer = await fetch(`${booted.url}/api/v1/runs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${booted.product.ownerToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ language: 'shell', code: 'sleep 60' }),
    signal: leaving.signal,
  });
  const first = await answer.body?.getReader().read();
  const { runId } = JSON.parse(Buffer.from(first?.value ?? []).toString()) as { readonly runId: string };
  leaving.abort();
  return runId;
}

async function cli(words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const terminal = createTestTerminal({
    SWITCHYARD_OWNER_TOKEN: booted.product.ownerToken,
    SWITCHYARD_URL: booted.url,
  });
  const code = await main(words, terminal);
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

describe('the runtime says how code is isolated', () => {
  it('over the control API and by the doctor, in the same words', async () => {
    const { isolation, unusable } = await client.runs.runtime();
    const { stdout } = await cli(['doctor', '--data', join(booted.directory, 'data'), '--config', booted.configFile]);
    if (unusable) expect(stdout).toContain(unusable.remedy);
    else expect(stdout).toContain(`${isolation.tier} by ${isolation.engine}`);
  });
});

describe.skipIf(!hasSandbox)('code runs', () => {
  it('and its outcome belongs to the answer that it came from', async () => {
    const answer = await fetch(`${booted.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sim/echo', messages: [{ role: 'user', content: 'print(6 * 7)' }] }),
    });
    await answer.text();
    const requestId = answer.headers.get('x-switchyard-request-id') ?? '';
    const receipt = await receiptOf({ language: 'python', code: 'print(6 * 7)', requestId });
    expect(receipt).toMatchObject({ status: 'succeeded', requestId });
    const record = await client.requests.get(requestId);
    expect(record.outcomes).toMatchObject([{ kind: 'run', value: 1, source: 'runtime' }]);
    await receiptOf({ language: 'python', code: 'raise SystemExit(2)', requestId });
    expect((await client.requests.get(requestId)).outcomes).toMatchObject([{ value: 1 }, { value: 0 }]);
  });

  it('from the command line, and the command ends as the program did', async () => {
    const file = join(booted.directory, 'hello.py');
    writeFileSync(file, 'import sys\nprint("hello", sys.stdin.read().strip())\nsys.exit(3)\n');
    const input = join(booted.directory, 'input.txt');
    writeFileSync(input, 'there\n');
    const { code, stdout, stderr } = await cli(['run', file, '--stdin', input, '--limit', 'cpuMs=5000,wallMs=20000']);
    expect([code, stdout]).toEqual([3, 'hello there\n']);
    expect(stderr).toMatch(/\[failed, exit 3; .*sandbox-.*run_[0-9a-f]{32}\]/);
  });

  it('and reaches what its policy names, which no address ever is; the receipt lists what it asked for', async () => {
    const code = [
      'import urllib.request, urllib.error',
      'for url in ("http://other.example.com/", "http://169.254.169.254/latest", "http://10.0.0.1/"):',
      '  try: urllib.request.urlopen(url, timeout=10)',
      '  except urllib.error.HTTPError as error: print(error.code)',
    ].join('\n');
    const header = { host: 'api.example.com', name: 'authorization', value: 'Bearer very-secret' };
    const network = { allow: ['api.example.com'], headers: [header] };
    const receipt = await receiptOf({ language: 'python', code, network });
    expect(receipt.network?.connections.map(({ host, verdict }) => [host, verdict])).toEqual([
      ['other.example.com', 'denied'],
      ['169.254.169.254', 'denied'],
      ['10.0.0.1', 'denied'],
    ]);
    expect(receipt.bytes['stdout']).toBe('403\n403\n403\n'.length);
    expect(JSON.stringify(await client.runs.get(receipt.runId))).not.toContain('very-secret');
    const wrong = [{ allow: ['10.0.0.1'] }, { allow: ['*'] }, { ...network, allow: ['other.example.com'] }];
    for (const one of wrong) {
      await expect(receiptOf({ language: 'python', code, network: one })).rejects.toMatchObject({
        problem: { code: 'invalid_request' },
      });
    }
  });

  it('after the isolation was found out anew, as when something of the system changed', async () => {
    const { isolation: before } = await client.runs.runtime();
    booted.product.reload();
    await waitUntil(
      async () => (await client.runs.runtime()).isolation.probedAtMs > before.probedAtMs,
      'the isolation is found out anew',
    );
    expect((await receiptOf({ language: 'shell', code: 'true' })).isolation.tier).toBe(before.tier);
  });

  it('and is ended when whoever asked for it leaves, at whichever step, also while it says nothing', async () => {
    for (let leaver = 0; leaver < 20; leaver++) {
      const runId = await startAndLeave();
      const status = (): Promise<string> =>
        client.runs.get(runId).then(
          (receipt) => receipt.status,
          () => 'goes on',
        );
      await waitUntil(async () => (await status()) === 'cancelled', `run ${leaver} is cancelled`);
    }
  });

  it('and its receipt is found after a restart', async () => {
    const receipt = await receiptOf({ language: 'shell', code: 'echo kept' });
    booted = await rebootProduct(booted);
    client = createClient({ url: booted.url, ownerToken: booted.product.ownerToken, timeoutMs: 30_000 });
    expect(await client.runs.get(receipt.runId)).toEqual(receipt);
    await expect(client.runs.get(`run_${'0'.repeat(32)}`)).rejects.toMatchObject({ problem: { code: 'not_found' } });
  });
});
