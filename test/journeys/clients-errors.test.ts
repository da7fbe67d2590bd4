import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientDrive } from './support/client-drive.ts';
import {
  type Cell,
  type ClientWorld,
  drives,
  hostKey,
  startClientWorld,
  type UpstreamSpec,
  upstreams,
} from './support/client-world.ts';

/** What the upstream does, and what a client is told of it. */
const failures = [
  { variant: 'e400', script: 'fail=400', status: 400, fault: 'upstream_rejected' },
  { variant: 'e401', script: 'fail=401', status: 502, fault: 'upstream_auth' },
  { variant: 'e429', script: 'fail=429&retry=seconds:7', status: 429, fault: 'upstream_rate_limited' },
  { variant: 'e503', script: 'fail=503', status: 503, fault: 'upstream_overloaded' },
] as const;

let world: ClientWorld;

beforeAll(async () => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  world = await startClientWorld({ variants: [...failures.map(({ variant }) => variant), 'again', 'never', 'abort'] });
});
afterAll(() => world.close());

async function caught(cell: Cell, stream: boolean, maxRetries = 0): Promise<unknown> {
  return cell
    .open({ maxRetries })
    .ask({ text: 'reply:hello' }, { stream })
    .then(
      (told) => expect.unreachable(`answered ${told.text}`),
      (error: unknown) => error,
    );
}

describe.each(drives)('$name', (drive) => {
  describe.each(upstreams)('over $dialect', (upstream) => {
    for (const { variant, script, status, fault } of failures) {
      it(`tells ${fault} by its status, in the client’s own error class, with a request id`, async () => {
        const cell = world.cell(drive, upstream, variant);
        cell.script(script);
        const seen = drive.readError(await caught(cell, status === 400));
        expect(seen).toMatchObject({ status, className: drive.errors[status] });
        expect(seen.message).not.toContain(hostKey);
        expect(await cell.lastFault()).toBe(fault);
        if (drive.cannot['request-id'] !== undefined) return;
        expect(seen.requestId).toMatch(/^req_/);
        const record = await world.booted.control(`/api/v1/requests/${seen.requestId}`);
        expect(record).toMatchObject({ httpStatus: 200, status: 'failed', final: { fault } });
      });
    }

    if (drive.cannot['retry-after'] === undefined)
      it('retries what can be retried, after the wait it was told', async () => {
        const startedMs = performance.now();
        await askAgain(world.cell(drive, upstream, 'again'));
        // Nobody may be told to come back too early.
        expect(performance.now() - startedMs).toBeGreaterThan(145);
      });

    if (drive.cannot['should-retry'] === undefined)
      it('does not retry what cannot get better', async () => {
        const cell = world.cell(drive, upstream, 'never');
        await askInVain(cell);
        expect(await endedRequests(cell.model)).toBe(1);
      });

    it('[scenario 25] takes the upstream down with it when it aborts in the middle of a stream', async () => {
      const cell = world.cell(drive, upstream, 'abort');
      cell.script('chunks=500&gap=20');
      const abort = new AbortController();
      const { aborts: abortsBefore } = cell.fake.stats();
      const running = cell
        .open()
        .ask({ text: 'Go on.' }, { stream: true, signal: abort.signal, onText: () => abort.abort() });
      await expect(running).rejects.toThrow();
      const stats = await cell.fake.until(({ aborts }) => aborts > abortsBefore);
      expect(stats.recentAborts.at(-1)?.tokensProduced).toBeLessThan(250);
      await expect.poll(async () => (await ended())[0]?.status).toBe('aborted');
    });
  });
});

// They wait as long as they please, whatever the upstream is: all of them at once, each once.
describe.concurrent('a client that reads no header that would tell it', () => {
  const deaf = (to: 'retry-after' | 'should-retry'): [string, ClientDrive, UpstreamSpec][] =>
    drives
      .filter(({ cannot }) => cannot[to] !== undefined)
      .flatMap((drive) => upstreams.slice(0, 1).map((upstream) => [drive.name, drive, upstream]));

  it.each(deaf('retry-after'))('retries what can be retried: %s', async (_name, drive, upstream) => {
    await askAgain(world.cell(drive, upstream, 'again'));
  });

  it.each(deaf('should-retry'))('is told its error all the same: %s', async (_name, drive, upstream) => {
    const cell = world.cell(drive, upstream, 'never');
    await askInVain(cell);
    expect(await endedRequests(cell.model)).toBe(2);
  });
});

/** An upstream that has to be asked twice. */
async function askAgain(cell: Cell): Promise<void> {
  cell.script('fail=429&retry=ms:150', '');
  const told = await cell.open({ maxRetries: 2 }).ask({ text: 'reply:second try' }, { stream: false });
  expect(told.text).toBe('second try');
  expect(await endedRequests(cell.model)).toBe(2);
}

/** An upstream that refuses our credentials, whoever asks and however often. */
async function askInVain(cell: Cell): Promise<void> {
  cell.script('fail=401');
  expect(cell.drive.readError(await caught(cell, false, 1)).status).toBe(502);
}

interface Ended {
  readonly model: string;
  readonly status: string;
}

/** Latest first. */
async function ended(): Promise<readonly Ended[]> {
  const live = await world.booted.control('/api/v1/live');
  return (live as unknown as { requests: { recent: readonly Ended[] } }).requests.recent;
}

async function endedRequests(model: string): Promise<number> {
  return (await ended()).filter((one) => one.model === model).length;
}
