import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootChild } from '../../scripts/lib/product/boot-child.mjs';
import { runQuietly } from '../../scripts/lib/run-command.mjs';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import type { ExchangeRecord } from '../../src/gateway/index.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';

describe('a gateway that is killed', () => {
  let upstream: FakeUpstream;
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-killed-'));
  const configFile = join(directory, 'switchyard.yaml');
  const dataDirectory = join(directory, 'data');
  const environment = { SWITCHYARD_OWNER_TOKEN: 'owner-of-the-killed' };

  beforeAll(async () => {
    upstream = await startFakeUpstream();
    writeFileSync(
      configFile,
      `hosts:\n  acme: { protocol: openai-chat, baseUrl: ${upstream.baseUrl} }\nmodels:\n  slow: { endpoints: [{ host: acme, model: "m?chunks=1000&gap=20", price: { input: 1, output: 2 } }] }\n`,
    );
  });
  afterAll(async () => {
    await upstream.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('[scenario 62] closes the exchange it was killed in as aborted, with an estimate', async () => {
    const first = await bootChild({ configFile, dataDirectory, environment });
    const requestId = await readUntilFirstToken(`${first.url}/v1/chat/completions`);
    await first.stop('SIGKILL');

    const second = await bootChild({ configFile, dataDirectory, environment });
    const answer = await fetch(`${second.url}/api/v1/requests/${requestId}`, {
      headers: { authorization: `Bearer ${environment.SWITCHYARD_OWNER_TOKEN}` },
    });
    const record = (await answer.json()) as ExchangeRecord;
    const ended = await second.stop('SIGTERM');

    expect(record).toMatchObject({
      requestId,
      status: 'aborted',
      final: { type: 'abort', estimated: true, reason: 'crash' },
    });
    expect(ended).toEqual({ code: 0, signal: null });
  });

  it('never loses the fact of an answer whose end a client saw, at three random moments under load', async () => {
    const code = await runQuietly({
      entry: join(repositoryRoot, 'scripts', 'crash.mjs'),
      parameters: ['--trials', '3'],
      folder: repositoryRoot,
    });
    expect(code).toBe(0);
  }, 120_000);
});

/** Id of a streamed request that is in the middle of its answer. */
function readUntilFirstToken(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (incoming) => {
      incoming.once('data', () => resolve(String(incoming.headers['x-switchyard-request-id'])));
      // The gateway is killed while the answer runs.
      incoming.on('error', () => undefined);
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ model: 'slow', stream: true, messages: [{ role: 'user', content: 'Hi.' }] }));
  });
}
