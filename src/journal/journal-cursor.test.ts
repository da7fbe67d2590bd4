import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Journal, JournalPosition } from './contract.ts';
import { encodeFrame, segmentSeed, stampFrame } from './segments/frame-codec.ts';
import { factFrame, reservedFrame } from './segments/frame-types.ts';
import { JournalCursor, journalStart, type RawFact } from './journal-cursor.ts';
import { segmentPath } from './segments/segment-meta.ts';
import { finalFact, gatewayId, makeRequestId, openTestJournal } from './testing/test-support.ts';

/** Every commit ends in a segment of its own. */
const rollAtOnce = { segmentBytes: 1, segmentAgeMs: 3_600_000 };

const idsOf = (facts: readonly RawFact[]): string[] =>
  facts.map(({ body }) => (JSON.parse(body.toString('utf8')) as { requestId: string }).requestId);

async function commitSome(journal: Journal, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, makeRequestId);
  for (const id of ids) await journal.commit(finalFact(id));
  return ids;
}

async function readFrom(
  cursor: JournalCursor,
  limits: { until?: JournalPosition; maxBytes: number },
): Promise<{ ids: string[]; next: JournalPosition }> {
  const ids: string[] = [];
  let next = journalStart;
  for (;;) {
    const batch = await cursor.read(next, limits);
    ids.push(...idsOf(batch.facts));
    ({ next } = batch);
    if (batch.isAtEnd) return { ids, next };
  }
}

describe('a journal cursor', () => {
  it('reads a running journal to its durable end, over segments, a little at a time', async () => {
    const { journal, directory } = await openTestJournal({ limits: rollAtOnce });
    const cursor = new JournalCursor(directory, gatewayId);
    const written = await commitSome(journal, 5);
    const first = await readFrom(cursor, { until: journal.durableEnd(), maxBytes: 1 });
    expect(first.ids).toEqual(written);
    const more = await commitSome(journal, 3);
    const batch = await cursor.read(first.next, { until: journal.durableEnd(), maxBytes: 1 << 20 });
    expect(idsOf(batch.facts).length).toBeGreaterThan(0);
    const second = await readFrom(cursor, { until: journal.durableEnd(), maxBytes: 1 << 20 });
    expect(second.ids).toEqual([...written, ...more]);
  });

  it('never looks behind the durable end it is told', async () => {
    const { journal, directory } = await openTestJournal();
    const written = await commitSome(journal, 2);
    const until = journal.durableEnd();
    await commitSome(journal, 2);
    const cursor = new JournalCursor(directory, gatewayId);
    const { ids, next } = await readFrom(cursor, { until, maxBytes: 1 << 20 });
    expect(ids).toEqual(written);
    expect(next).toEqual(until);
  });

  it('reads a journal that nobody writes up to its last good frame', async () => {
    const { journal, directory, folder } = await openTestJournal();
    const written = await commitSome(journal, 3);
    const path = segmentPath(folder, journal.durableEnd().segment);
    const end = journal.durableEnd().offset;
    await journal.close();
    truncateSync(path, end);
    appendFileSync(path, Buffer.alloc(4096));
    const cursor = new JournalCursor(directory, gatewayId);
    const { ids, next } = await readFrom(cursor, { maxBytes: 1 << 20 });
    expect(ids).toEqual(written);
    expect(next.offset).toBe(end);
  });

  it('[storage fault 17] skips kinds of frames it does not know and marks versions it cannot read', async () => {
    const { journal, directory, folder } = await openTestJournal();
    const [known] = await commitSome(journal, 1);
    const { segment, offset } = journal.durableEnd();
    await journal.close();
    const path = segmentPath(folder, segment);
    const seed = segmentSeed(gatewayId, segment);
    truncateSync(path, offset);
    appendFileSync(path, encodeFrame(reservedFrame.config, { config: 1 }, seed));
    const newer = encodeFrame(factFrame.final, finalFact('req_newer'), seed);
    newer[3] = 2;
    stampFrame(newer, 0, seed);
    appendFileSync(path, newer);
    appendFileSync(path, encodeFrame(factFrame.final, finalFact('req_same'), seed));
    const batch = await new JournalCursor(directory, gatewayId).read(journalStart, { maxBytes: 1 << 20 });
    expect(idsOf(batch.facts)).toEqual([known, 'req_newer', 'req_same']);
    expect(batch.facts.map(({ isReadable }) => isReadable)).toEqual([true, false, true]);
  });

  it('throws at damage in the middle of a sealed segment, and at a segment that is gone', async () => {
    const { journal, directory, folder } = await openTestJournal({ limits: rollAtOnce });
    await commitSome(journal, 3);
    await journal.close();
    const path = segmentPath(folder, 1);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
    const cursor = new JournalCursor(directory, gatewayId);
    await expect(cursor.read(journalStart, { maxBytes: 1 << 20 })).rejects.toThrow(/damaged/);
    await expect(cursor.read({ segment: 77, offset: 0 }, { maxBytes: 1 })).rejects.toThrow(/gone/);
  });

  it('answers an empty folder with nothing', async () => {
    const { directory } = await openTestJournal();
    const cursor = new JournalCursor(join(directory), gatewayId);
    expect(await cursor.read(journalStart, { maxBytes: 1, until: { segment: 0, offset: 0 } })).toEqual({
      facts: [],
      next: journalStart,
      isAtEnd: true,
    });
  });
});
