import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { openJournal } from './open-journal.ts';
import {
  attemptFact,
  finalFact,
  gatewayId,
  makeRequestId,
  openFact,
  openTestJournal,
  readAll,
  segmentFiles,
  spawnCompiledWriter,
} from './testing/test-support.ts';
import { systemClock } from '../platform/clock.ts';
import { segmentOfName, segmentPath } from './segments/segment-meta.ts';
import { readJournalDirectory, verifyJournal } from './verify-journal.ts';

const rollAtOnce = { segmentBytes: 1 };

describe('journal', () => {
  it('finds and reads back what was committed', async () => {
    const { journal } = await openTestJournal();
    const [one, other] = [makeRequestId(), makeRequestId()];
    const facts = [openFact(one), openFact(other), attemptFact(one, '7'), finalFact(one), finalFact(other)];
    journal.append(...facts.slice(0, 3));
    await journal.commit(...facts.slice(3));
    expect(await journal.find(one)).toEqual([facts[0], facts[2], facts[3]]);
    expect(await journal.find(makeRequestId())).toEqual([]);
    expect(await readAll(journal)).toEqual(facts);
    expect(journal.state()).toMatchObject({ accepting: true, framesWritten: 5, queuedBytes: 0 });
  });

  it('makes an appended fact durable although nobody waits for it', async () => {
    const { journal } = await openTestJournal();
    journal.append(openFact(makeRequestId()));
    await expect.poll(() => readAll(journal)).toHaveLength(1);
  });

  it('is read whole while nobody has told yet which segments were begun', async () => {
    const spawn = (setup: Parameters<typeof spawnCompiledWriter>[0]): Worker => {
      const worker = spawnCompiledWriter(setup);
      const emit = worker.emit.bind(worker);
      const isRolled = (said: unknown): boolean => (said as { kind?: string } | null | undefined)?.kind === 'rolled';
      worker.emit = (name: string | symbol, ...heard: unknown[]) => isRolled(heard[0]) || emit(name, ...heard);
      return worker;
    };
    const { journal } = await openTestJournal({ limits: rollAtOnce }, { spawn });
    const ids = Array.from({ length: 5 }, () => makeRequestId());
    for (const id of ids) await journal.commit(finalFact(id));
    expect((await readAll(journal)).map(({ requestId }) => requestId)).toEqual(ids);
    for (const id of ids) expect(await journal.find(id)).toHaveLength(1);
    expect(journal.state().reason).toBeUndefined();
  });

  it('is read from outside while its next segment is being created, but not over one that is damaged', async () => {
    const { journal, directory, folder } = await openTestJournal({ limits: rollAtOnce });
    const ids = [makeRequestId(), makeRequestId()];
    for (const id of ids) await journal.commit(finalFact(id));
    await journal.close();
    const readOutside = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { fact } of readJournalDirectory(directory)) found.push(fact.requestId);
      return found;
    };
    const newest = join(folder, segmentFiles(folder).at(-1) ?? '');
    const next = segmentPath(folder, (segmentOfName(basename(newest)) ?? 0) + 1);
    writeFileSync(next, readFileSync(newest).subarray(0, 20));
    expect(await readOutside()).toEqual(ids);
    rmSync(next);
    const holding = segmentFiles(folder).at(-2) ?? '';
    rmSync(newest);
    const bytes = readFileSync(join(folder, holding));
    writeFileSync(join(folder, holding), bytes.fill(0, 0, 10));
    await expect(readOutside()).rejects.toThrow('no readable header');
  });

  it('reads on from a position', async () => {
    const { journal } = await openTestJournal({ limits: rollAtOnce });
    for (let count = 0; count < 4; count += 1) await journal.commit(finalFact(makeRequestId()));
    const places = [];
    for await (const { position } of journal.read()) places.push(position);
    const rest = [];
    for await (const { position } of journal.read(places[2])) rest.push(position);
    expect(rest).toEqual(places.slice(2));
  });

  it('commits at once when relaxed, and still writes everything', async () => {
    const { journal, directory } = await openTestJournal({ durability: 'relaxed' });
    for (let count = 0; count < 50; count += 1) await journal.commit(finalFact(makeRequestId()));
    await journal.close();
    expect(await verifyJournal(directory)).toMatchObject({ ok: true, gateways: [{ rows: 50 }] });
  });

  it('rolls a segment that holds facts and keeps the chain and the sums', async () => {
    const { journal, directory, folder } = await openTestJournal({ limits: rollAtOnce });
    const ids = Array.from({ length: 5 }, makeRequestId);
    for (const id of ids) await journal.commit(openFact(id), finalFact(id, '11'));
    for (const id of ids) expect(await journal.find(id)).toHaveLength(2);
    await journal.close();
    expect(segmentFiles(folder).length).toBeGreaterThan(3);
    expect(await verifyJournal(directory)).toMatchObject({ ok: true, gateways: [{ rows: 10, costNanos: '55' }] });
  });

  it('does not roll an empty segment', async () => {
    const { journal, folder } = await openTestJournal({ limits: { segmentAgeMs: 0 } });
    await journal.commit(finalFact(makeRequestId()));
    await expect.poll(() => segmentFiles(folder)).toHaveLength(2);
    await nextTurn();
    expect(segmentFiles(folder)).toHaveLength(2);
  });

  it('keeps an oversized fact by cutting its lists', async () => {
    const { journal } = await openTestJournal();
    const id = makeRequestId();
    const dropped = Array.from({ length: 200_000 }, (_, index) => `/unknown/${index}`);
    await journal.commit({ ...finalFact(id), dropped } as ReturnType<typeof finalFact>);
    expect(await journal.find(id)).toMatchObject([{ type: 'final', costNanos: '7', dropped: dropped.slice(0, 64) }]);
  });

  it('refuses appends after close and closes twice without harm', async () => {
    const { journal, folder } = await openTestJournal();
    await journal.close();
    await journal.close();
    expect(journal.state().accepting).toBe(false);
    await expect(journal.commit(finalFact('req_x'))).rejects.toThrow(/closed/);
    expect(segmentFiles(folder)).toHaveLength(1);
  });
});

describe('recovery of a journal', () => {
  it('closes what a crash left open with an estimated abort, across segments', async () => {
    const first = await openTestJournal({ limits: rollAtOnce });
    const [held, spent, done] = [makeRequestId(), makeRequestId(), makeRequestId()];
    await first.journal.commit(openFact(held, '900'));
    await first.journal.commit(openFact(spent, '800'));
    await first.journal.commit(attemptFact(spent, '5'), openFact(done));
    await first.journal.commit(finalFact(done));
    await first.journal.close();
    const { journal } = await openTestJournal({ directory: first.directory });
    const aborts = (await readAll(journal)).filter(({ type }) => type === 'abort');
    expect(aborts).toMatchObject([
      { requestId: held, costNanos: '900', estimated: true, reason: 'crash' },
      { requestId: spent, costNanos: '5' },
    ]);
    expect((await journal.find(held)).map(({ type }) => type)).toEqual(['open', 'abort']);
  });

  it('never skips damage in the middle of a sealed segment', async () => {
    const { journal, folder, directory } = await openTestJournal({ limits: rollAtOnce });
    for (let count = 0; count < 3; count += 1) await journal.commit(finalFact(makeRequestId()));
    await expect.poll(() => segmentFiles(folder).length).toBeGreaterThan(2);
    const path = join(folder, segmentFiles(folder)[0] ?? '');
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(150) ^ 4, 150);
    writeFileSync(path, bytes);
    await expect(readAll(journal)).rejects.toThrow(/segment 1 is damaged/);
    expect(journal.state()).toMatchObject({ alarm: true });
    const report = await verifyJournal(directory);
    expect(report.ok).toBe(false);
    expect(report.gateways[0]?.segments[0]?.state).toBe('damaged');
  });

  it('tells of a missing segment', async () => {
    const { journal, folder, directory } = await openTestJournal({ limits: rollAtOnce });
    for (let count = 0; count < 4; count += 1) await journal.commit(finalFact(makeRequestId()));
    await journal.close();
    rmSync(join(folder, segmentFiles(folder)[1] ?? ''));
    const report = await verifyJournal(directory);
    expect(report.gateways[0]?.segments.flatMap(({ problems }) => problems)).toMatchObject([
      expect.stringMatching(/a segment is missing/),
    ]);
  });

  it('ignores frames of an earlier file behind the end', async () => {
    const first = await openTestJournal();
    await first.journal.commit(finalFact(makeRequestId()));
    await first.journal.close();
    const path = join(first.folder, segmentFiles(first.folder)[0] ?? '');
    appendFileSync(path, readFileSync(path));
    const { journal } = await openTestJournal({ directory: first.directory });
    expect(await readAll(journal)).toHaveLength(1);
  });
});

describe('a journal folder', () => {
  it('has one writer at a time', async () => {
    const { directory, journal } = await openTestJournal();
    const settings = { directory, gatewayId, durability: 'durable', clock: systemClock, log: () => undefined } as const;
    await expect(openJournal(settings, { spawn: spawnCompiledWriter })).rejects.toThrow(/in use by process/);
    await journal.close();
    await (await openJournal(settings, { spawn: spawnCompiledWriter })).close();
  });

  it('loses its oldest sealed segments to retention, each deletion logged', async () => {
    const { journal, folder, logged } = await openTestJournal({ limits: { ...rollAtOnce, retentionMs: 3_600_000 } });
    await journal.commit(finalFact(makeRequestId()));
    await expect.poll(() => segmentFiles(folder)).toHaveLength(2);
    await journal.close();
    const oldest = segmentFiles(folder)[0] ?? '';
    utimesSync(join(folder, oldest), 1, 1);
    const next = await openTestJournal({ directory: join(folder, '..'), limits: { retentionMs: 3_600_000 } });
    await expect.poll(() => segmentFiles(folder)).not.toContain(oldest);
    await expect.poll(() => next.logged).toContainEqual(expect.objectContaining({ event: 'journal_segment_deleted' }));
    expect(logged.some(({ event }) => event === 'journal_segment_deleted')).toBe(false);
    expect(await readAll(next.journal)).toEqual([]);
  });

  it('refuses work while the volume is nearly full', async () => {
    const { journal } = await openTestJournal({ limits: { reserveBytes: Number.MAX_SAFE_INTEGER } });
    await expect.poll(() => journal.state()).toMatchObject({ accepting: false, alarm: true });
    expect(journal.state().reason).toMatch(/volume is full/);
  });
});

describe('a dead writer thread', () => {
  it('is replaced, and every fact is written exactly once', async () => {
    const workers: Worker[] = [];
    const spawn = (setup: Parameters<typeof spawnCompiledWriter>[0]): Worker => {
      const worker = spawnCompiledWriter(setup);
      workers.push(worker);
      return worker;
    };
    const { journal, directory } = await openTestJournal({}, { spawn });
    const ids: string[] = [];
    const commits: Promise<void>[] = [];
    const send = (): void => {
      const id = makeRequestId();
      ids.push(id);
      commits.push(journal.commit(finalFact(id)));
    };
    for (let death = 1; death <= 2; death += 1) {
      for (let count = 0; count < 60; count += 1) {
        send();
        if (count % 20 === 0) await nextTurn();
        if (count === 30) void workers.at(-1)?.terminate();
      }
      await expect.poll(() => workers).toHaveLength(death + 1);
      await Promise.all(commits);
    }
    await expect.poll(() => journal.state().accepting).toBe(true);
    expect((await readAll(journal)).map(({ requestId }) => requestId)).toEqual(ids);
    await journal.close();
    expect(await verifyJournal(directory)).toMatchObject({ ok: true, gateways: [{ rows: ids.length }] });
  });

  it('that keeps dying makes the journal refuse work and fail its commits', async () => {
    let spawned = 0;
    const spawn = (setup: Parameters<typeof spawnCompiledWriter>[0]): Worker => {
      const worker = spawnCompiledWriter(setup);
      spawned += 1;
      if (spawned > 1) void worker.terminate();
      else worker.on('message', (message) => message?.kind === 'ready' && setImmediate(() => worker.terminate()));
      return worker;
    };
    const { journal, logged } = await openTestJournal({}, { spawn });
    await expect.poll(() => logged.some(({ event }) => event === 'journal_lost')).toBe(true);
    expect(journal.state()).toMatchObject({ accepting: false, alarm: true });
    await expect(journal.commit(finalFact(makeRequestId()))).rejects.toThrow(/died too often/);
  });
});
