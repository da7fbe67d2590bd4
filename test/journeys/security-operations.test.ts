import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJournal } from '../../scripts/lib/crash/read-journal.mjs';
import { bootChild } from '../../scripts/lib/product/boot-child.mjs';
import { type FakeUpstream, postRaw, startFakeUpstream } from '../fake-upstream/index.ts';
import { openAnswer } from './support/open-client.ts';
import { waitUntil } from './support/wait-until.ts';

const messages = [{ role: 'user', content: 'Count.' }];

describe('an operated gateway', () => {
  let upstream: FakeUpstream;
  let directory = '';
  let configFile = '';
  let dataDirectory = '';

  beforeAll(async () => {
    upstream = await startFakeUpstream();
    directory = mkdtempSync(join(tmpdir(), 'switchyard-operated-'));
    configFile = join(directory, 'switchyard.yaml');
    dataDirectory = join(directory, 'data');
  });
  afterAll(async () => {
    await upstream.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const configWith = (models: string): string =>
    `hosts:\n  acme: { protocol: openai-chat, baseUrl: ${upstream.baseUrl} }\nmodels:\n  slow: { endpoints: [{ host: acme, model: "m?chunks=120&gap=25" }] }\n${models}`;

  it('[scenario 75] keeps the last good configuration, and takes a good one within a second, streams unharmed', async () => {
    writeFileSync(configFile, configWith(''));
    const product = await bootChild({ configFile, dataDirectory });
    const chat = `${product.url}/v1/chat/completions`;
    const open = openAnswer(chat, { model: 'slow', stream: true, messages });
    await open.until(({ text }) => text.includes('data: '));

    writeFileSync(configFile, configWith('  broken: { endpoints: [] }\nkeyz: []\n'));
    await waitUntil(() => product.log().includes('configuration refused'), 'the bad configuration is refused');
    expect(product.log()).toMatch(/switchyard\.yaml:5:/);
    expect((await postRaw(chat, { model: 'slow?', messages })).status).toBe(404);
    expect((await postRaw(chat, { model: 'sim/small', messages })).status).toBe(200);

    let liveMs = Number.POSITIVE_INFINITY;
    // Another program on the machine may hold us up once, but not three times in a row.
    for (let round = 0; round < 3 && liveMs >= 1000; round++) {
      const model = `fresh-${round}`;
      writeFileSync(configFile, configWith(`  ${model}: { endpoints: [{ host: acme, model: m }] }\n`));
      const changedMs = performance.now();
      await waitUntil(async () => (await postRaw(chat, { model, messages })).status === 200, `${model} is live`);
      liveMs = performance.now() - changedMs;
    }
    await open.until(({ isOver }) => isOver);
    await product.stop('SIGTERM');

    expect(open.isComplete).toBe(true);
    expect(open.text).toMatch(/data: \[DONE\]\n\n$/);
    expect(liveMs).toBeLessThan(1000);
  });

  it('[scenario 76] finishes open streams after SIGTERM, takes no new calls, and leaves every fact behind', async () => {
    writeFileSync(configFile, configWith(''));
    const product = await bootChild({ configFile, dataDirectory });
    const paths = ['/v1/chat/completions', '/v1/messages', '/v1/responses'];
    const open = [...paths, ...paths].map((path) =>
      openAnswer(`${product.url}${path}`, { model: 'slow', stream: true, max_tokens: 500, messages, input: 'Count.' }),
    );
    await Promise.all(open.map((answer) => answer.until(({ text }) => text.includes('data: '))));

    const ended = product.stop('SIGTERM');
    await waitUntil(() => isRefused(product.port), 'no new connection is taken');
    expect(open.every(({ isOver }) => isOver)).toBe(false);
    await Promise.all(open.map((answer) => answer.until(({ isOver }) => isOver)));

    expect(await ended).toEqual({ code: 0, signal: null });
    for (const answer of open) {
      expect(answer.isComplete).toBe(true);
      expect(answer.text).toMatch(/data: \[DONE\]|event: message_stop|event: response\.completed/);
    }
    const facts = readJournal(join(dataDirectory, 'journal', 'gw1'), 'gw1', 0);
    for (const { headers } of open) {
      const own = facts.filter(({ requestId }) => requestId === headers['x-switchyard-request-id']);
      expect(own.filter(({ type }) => type === 'final').map(({ status }) => status)).toEqual(['completed']);
    }
    expect(facts.filter(({ type }) => type === 'abort')).toEqual([]);
  });
});

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}
