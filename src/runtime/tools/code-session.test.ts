import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import type { Receipt } from '../contract.ts';
import { defaultLimits, maximumLimits } from '../limits.ts';
import { RunSlots } from '../runs/run-slots.ts';
import { WorkspaceDriver } from '../workspaces/workspace-driver.ts';
import { CodeSession } from './code-session.ts';
import { createCodeTool } from './code-tool.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-session-'));
const newId = createIdSource(systemClock, createSystemRandom());
const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId });
const isUsable = (await driver.probe()).unusable === undefined;
const receipts: Receipt[] = [];
const deps = {
  driver,
  clock: systemClock,
  newId,
  canTranslate: false,
  slots: new RunSlots(2, 2),
  settings: () => ({
    minIsolation: 'sandbox-rlimit' as const,
    limits: defaultLimits,
    mostLimits: maximumLimits,
    concurrent: 2,
    waiting: 2,
  }),
  record: (receipt: Receipt) => Promise.resolve(void receipts.push(receipt)),
};
const owner = { customer: 'acme', key: 'k', requestId: 'req_1' };

afterAll(async () => {
  await driver.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

describe.skipIf(!isUsable)('programs of one session', () => {
  it('find the files of those before, and each has a receipt', async () => {
    const session = new CodeSession(owner, deps);
    await session.run({ language: 'python', code: 'open("n", "w").write("41")' });
    const { receipt, stdout } = await session.run({
      language: 'shell',
      code: 'read x; echo $((`cat n` + x))',
      stdin: '1\n',
    });
    expect([stdout, receipt.status]).toEqual(['42\n', 'succeeded']);
    expect(receipts.slice(-2)).toMatchObject([{ customer: 'acme', requestId: 'req_1' }, { runId: receipt.runId }]);
    await session.close();
    await expect(session.run({ language: 'shell', code: 'true' })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('end with whoever asked, before they run and while they do', async () => {
    const session = new CodeSession(owner, deps);
    const gone = AbortSignal.abort();
    const early = session.run({ language: 'shell', code: 'while :; do :; done', signal: gone });
    await expect(early).resolves.toMatchObject({ receipt: { status: 'cancelled' } });
    const leave = new AbortController();
    const running = session.run({ language: 'shell', code: 'touch here; while :; do :; done', signal: leave.signal });
    setTimeout(() => leave.abort(), 50);
    await expect(running).resolves.toMatchObject({ receipt: { status: 'cancelled' } });
    await session.close();
  });

  it('tell a model what went wrong, and never more than it can read', async () => {
    const session = createCodeTool({ ...deps, absence: () => undefined }).open(owner);
    const call = (given: object): ReturnType<typeof session.call> =>
      session.call({
        type: 'switchyard_code',
        arguments: JSON.stringify(given),
        timeoutMs: 5000,
        signal: new AbortController().signal,
      });
    const failed = await call({ language: 'shell', code: 'echo no >&2; exit 3' });
    expect(failed).toMatchObject({ isError: true, text: 'exit code 3\nstderr:\nno', ran: { status: 'failed' } });
    const loud = await call({ language: 'shell', code: 'yes | head -c 100000; echo the end' });
    expect(loud.text.length).toBeLessThan(20_000);
    expect(loud.text).toMatch(/bytes left out[^]*the end$/);
    expect(await call({ language: 'shell' })).toMatchObject({ isError: true, ran: { status: 'refused' } });
    await session.close();
  });
});
