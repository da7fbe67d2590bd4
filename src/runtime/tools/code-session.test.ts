import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import type { ComputeUse } from '../../domain/rating/compute.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { ComputeDesk, ComputePayer, ComputeSubject } from '../compute/compute-desk.ts';
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
const owner = { customer: 'acme', key: 'k', requestId: 'req_1', project: 'web' };

/** A desk that remembers who was asked for, what was settled and how much is still held. */
class RememberingDesk {
  readonly payers: ComputePayer[] = [];
  readonly settled: { readonly subject: ComputeSubject; readonly use: ComputeUse }[] = [];
  held = 0;
  isUsedUp = false;

  admit(payer: ComputePayer): ReturnType<ComputeDesk['admit']> {
    this.payers.push(payer);
    if (this.isUsedUp) return Promise.reject(new Fault('budget_exceeded'));
    this.held += 1;
    let isOver = false;
    const end = (): void => {
      if (!isOver) this.held -= 1;
      isOver = true;
    };
    return Promise.resolve({
      settle: (subject, use) => {
        end();
        this.settled.push({ subject, use });
        return Promise.resolve();
      },
      release: end,
    });
  }
}

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

  it('leave nobody behind: what detached itself ends with the program that started it, and files stay', async () => {
    const session = new CodeSession(owner, deps);
    const code = 'setsid sh -c "while :; do date +%N > alive; done" >/dev/null 2>&1 & until test -s alive; do :; done';
    await session.run({ language: 'shell', code });
    const first = await session.read('alive', 100);
    const look = { language: 'shell', code: 'cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c "[a]live"' } as const;
    expect((await session.run(look)).stdout).toBe('0\n');
    expect(Buffer.from(await session.read('alive', 100))).toEqual(Buffer.from(first));
    await session.close();
  });

  it('and actions on files are paid by the project of whoever owns the session', async () => {
    const desk = new RememberingDesk();
    const session = new CodeSession(owner, { ...deps, desk });
    await session.write([{ path: 'n', bytes: Buffer.from('41') }]);
    await session.run({ language: 'shell', code: 'cat n' });
    await session.list('.', 10);
    expect(desk.payers.map(({ customer, project }) => [customer, project])).toEqual(Array(3).fill(['acme', 'web']));
    expect(desk.settled.map(({ subject }) => subject.kind)).toEqual(['sandbox', 'run', 'sandbox']);
    expect(desk.settled.every(({ use }) => use.wallMs > 0)).toBe(true);
    desk.isUsedUp = true;
    await expect(session.list('.', 10)).rejects.toMatchObject({ code: 'budget_exceeded' });
    expect(desk.held).toBe(0);
    await session.close();
  });

  it('that broke, or whose receipt could not be kept, are charged all the same', async () => {
    const desk = new RememberingDesk();
    const record = (): Promise<void> => Promise.reject(new Error('the disk is full'));
    const unkept = new CodeSession(owner, { ...deps, desk, record });
    await expect(unkept.run({ language: 'shell', code: 'true' })).rejects.toThrow('the disk is full');
    expect(desk.settled).toHaveLength(1);
    await unkept.close();
    const session = new CodeSession(owner, { ...deps, desk });
    const files = [{ path: 'folder/n', bytes: Buffer.from('1') }];
    await session.write(files);
    const broken = session.run({
      language: 'shell',
      code: 'true',
      files: [{ path: 'folder', bytes: Buffer.from('1') }],
    });
    await expect(broken).rejects.toMatchObject({ code: 'invalid_request' });
    expect(desk.settled.map(({ subject }) => subject.kind)).toEqual(['run', 'sandbox', 'run']);
    expect(desk.held).toBe(0);
    await session.close();
  });

  it('are not charged for the memory of those before them', async () => {
    const session = new CodeSession(owner, deps);
    const large = await session.run({ language: 'python', code: 'a = bytearray(120_000_000)\nprint(len(a))' });
    const small = await session.run({ language: 'python', code: 'import time; time.sleep(0.2)' });
    const [most, little] = [large, small].map(({ receipt }) => receipt.peakMemoryBytes ?? 0);
    expect(little).toBeLessThanOrEqual((most ?? 0) / 2);
    await session.close();
  });
});
