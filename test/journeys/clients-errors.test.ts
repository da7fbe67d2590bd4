import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cell, type ClientWorld, drives, hostKey, startClientWorld, upstreams } from './support/client-world.ts';

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

    // A client that reads no such header waits as long as it pleases, which says nothing about the upstream.
    const isTold = (inability: 'retry-after' | 'should-retry'): boolean =>
      drive.cannot[inability] === undefined || upstream === upstreams[0];
    if (isTold('retry-after'))
      it('retries what can be retried, after the wait it was told', async () => {
        const cell = world.cell(drive, upstream, 'again');
        cell.script('fail=429&retry=ms:150', '');
        const callsBefore = cell.fake.stats().requests;
        const startedMs = performance.now();
        const told = await cell.open({ maxRetries: 2 }).ask({ text: 'reply:second try' }, { stream: false });
        expect(told.text).toBe('second try');
        expect(cell.fake.stats().requests).toBe(callsBefore + 2);
        // Not every client reads the header, but none may be told to come back too early.
        if (drive.cannot['retry-after'] === undefined) expect(performance.now() - startedMs).toBeGreaterThan(145);
      });

    if (isTold('should-retry'))
      it('does not retry what cannot get better', async () => {
        const cell = world.cell(drive, upstream, 'never');
        cell.script('fail=401');
        const { total: before } = await seenRequests();
        expect(drive.readError(await caught(cell, false, 1)).status).toBe(502);
        const { total: after } = await seenRequests();
        expect(after - before).toBe(drive.cannot['should-retry'] === undefined ? 1 : 2);
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
      await expect.poll(() => lastStatus()).toBe('aborted');
    });
  });
});

async function seenRequests(): Promise<{ total: number }> {
  return ((await world.booted.control('/api/v1/live')) as unknown as { requests: { total: number } }).requests;
}

async function lastStatus(): Promise<string | undefined> {
  const { requests } = (await world.booted.control('/api/v1/live')) as unknown as {
    requests: { recent: { status: string }[] };
  };
  return requests.recent[0]?.status;
}
