import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FaultSpec } from './testing/faulty-files.ts';
import {
  finalFact,
  makeRequestId,
  openTestJournal,
  readAll,
  segmentFiles,
  temporaryDirectory,
} from './testing/test-support.ts';
import { verifyJournal } from './verify-journal.ts';

const withFaults = (faults: readonly FaultSpec[]) => ({
  filesModule: { url: new URL('./testing/faulty-files.ts', import.meta.url).href, spec: faults },
});

async function commitMany(journal: Parameters<typeof readAll>[0], count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, makeRequestId);
  for (const id of ids) await journal.commit(finalFact(id, '3'));
  return ids;
}

describe('a failing disk', () => {
  it.each([
    ['a failed sync', { operation: 'sync', code: 'EIO', calls: [4] }],
    ['a failed write', { operation: 'write', code: 'EIO', calls: [4] }],
    ['a full disk in the middle of a frame', { operation: 'write', code: 'ENOSPC', calls: [3] }],
    ['a failed sync of the next segment too', { operation: 'sync', code: 'EIO', calls: [4, 5, 6] }],
  ] as const)('costs a segment and no fact: %s', async (_what, fault) => {
    const { journal, directory, folder, logged } = await openTestJournal({}, withFaults([fault]));
    const ids = await commitMany(journal, 10);
    expect((await readAll(journal)).map(({ requestId }) => requestId)).toEqual(ids);
    expect(journal.state()).toMatchObject({ accepting: true, alarm: true });
    expect(logged.map(({ event }) => event)).toContain('journal_segment_damaged');
    await journal.close();
    expect(segmentFiles(folder)).toHaveLength(2);
    const report = await verifyJournal(directory);
    expect(report).toMatchObject({ ok: true, gateways: [{ rows: 10, costNanos: '30' }] });
    expect(report.gateways[0]?.segments.map(({ state }) => state)).toEqual(['cut', 'sealed']);
  });

  it('refuses work while no segment can be made and goes on when the disk has room again', async () => {
    const full = join(temporaryDirectory(), 'disk-is-full');
    const faults: FaultSpec[] = [
      { operation: 'write', code: 'ENOSPC', whileExists: full },
      { operation: 'create', code: 'ENOSPC', whileExists: full },
    ];
    const { journal, directory } = await openTestJournal({}, withFaults(faults));
    const before = await commitMany(journal, 3);
    writeFileSync(full, '');
    const id = makeRequestId();
    let acknowledged = false;
    const waiting = journal.commit(finalFact(id)).then(() => {
      acknowledged = true;
    });
    await expect.poll(() => journal.state()).toMatchObject({ accepting: false, alarm: true });
    expect(journal.state().reason).toMatch(/ENOSPC/);
    expect(acknowledged).toBe(false);
    rmSync(full);
    await waiting;
    await expect.poll(() => journal.state().accepting).toBe(true);
    expect((await readAll(journal)).map(({ requestId }) => requestId)).toEqual([...before, id]);
    await journal.close();
    expect(await verifyJournal(directory)).toMatchObject({ ok: true, gateways: [{ rows: 4 }] });
  });

  it('fails the close, and what still waits, when the disk never recovers', async () => {
    const full = join(temporaryDirectory(), 'disk-is-full');
    const faults: FaultSpec[] = [{ operation: 'sync', code: 'EIO', whileExists: full }];
    const { journal } = await openTestJournal({}, withFaults(faults));
    writeFileSync(full, '');
    const waiting = journal.commit(finalFact(makeRequestId()));
    const refused = expect(waiting).rejects.toThrow(/disk refused/);
    await expect(journal.close()).rejects.toThrow(/disk refused/);
    await refused;
  });

  it('pushes back while the queue is full, without losing what was taken', async () => {
    const full = join(temporaryDirectory(), 'disk-is-full');
    const faults: FaultSpec[] = [
      { operation: 'write', code: 'ENOSPC', whileExists: full },
      { operation: 'create', code: 'ENOSPC', whileExists: full },
    ];
    const { journal } = await openTestJournal({ limits: { ringBytes: 64 * 1024 } }, withFaults(faults));
    writeFileSync(full, '');
    const ids: string[] = [];
    const fill = (): void => {
      for (let count = 0; count < 10_000; count += 1) {
        const id = makeRequestId();
        journal.append(finalFact(id));
        ids.push(id);
      }
    };
    expect(fill).toThrow(/queue is full/);
    expect(journal.state()).toMatchObject({ accepting: false, alarm: true });
    rmSync(full);
    await expect.poll(() => journal.state().accepting).toBe(true);
    await expect.poll(() => readAll(journal)).toHaveLength(ids.length);
    expect((await readAll(journal)).map(({ requestId }) => requestId)).toEqual(ids);
  });
});
