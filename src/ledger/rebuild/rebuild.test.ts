import { rmSync } from 'node:fs';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../platform/random.ts';
import { openTestDatabase } from '../../storage/testing/open-test-database.ts';
import { dropExpired } from '../projector/drop-expired.ts';
import { recentExchanges } from '../usage/recent-query.ts';
import { usage, type UsageDimension } from '../usage/usage-query.ts';
import { bookedSums, closedAfterTest, projectAll, temporaryFolder, writeJournal } from '../testing/ledger-harness.ts';
import { randomExchanges } from '../testing/random-exchanges.ts';
import { checkSums } from './check-sums.ts';
import { rebuildProjections } from './rebuild-projections.ts';

const startMs = Date.UTC(2026, 9, 31, 18);
const spreadMs = 36 * 3_600_000;

async function projectedLedger(count: number, seed: number) {
  const { database } = await closedAfterTest(openTestDatabase());
  const directory = temporaryFolder();
  const made = randomExchanges(count, { random: createSeededRandom(seed), startMs, spreadMs, customers: 4 });
  await writeJournal(directory, made.facts);
  await projectAll(database.db, directory, { maxBytes: 100_000 });
  return { database, directory, ...made };
}

describe('a rebuild', () => {
  it('[storage fault 19] gives from the journal the same rows in every projection, and replaces them', async () => {
    const { database, directory, truth } = await projectedLedger(120, 11);
    const before = await bookedSums(database.db);
    const report = await rebuildProjections(database, { directory });
    expect(report).toMatchObject({ differences: [], isReplaced: true, booked: 120 });
    expect(await bookedSums(database.db)).toEqual(before);
    expect(before.cost['slot']).toBe(truth.costNanos);
    await projectAll(database.db, directory);
    expect(await bookedSums(database.db)).toEqual(before);
  });

  it('finds a row that somebody changed, and mends it only when it is told to', async () => {
    const { database, directory, truth } = await projectedLedger(100, 12);
    await sql`UPDATE usage_slot SET cost_nanos = cost_nanos + 1 WHERE requests > 0`.execute(database.db);
    const report = await rebuildProjections(database, { directory });
    expect(report.isReplaced).toBe(false);
    expect(report.differences.map(({ table }) => table)).toEqual(['usage_slot']);
    expect((await rebuildProjections(database, { directory, isForced: true })).isReplaced).toBe(true);
    expect((await bookedSums(database.db)).cost['slot']).toBe(truth.costNanos);
  });

  it('refuses when the beginning of the journal is gone', async () => {
    const { database } = await closedAfterTest(openTestDatabase());
    const directory = temporaryFolder();
    const { facts } = randomExchanges(30, { random: createSeededRandom(1), startMs, spreadMs, customers: 1 });
    await writeJournal(directory, facts.slice(0, 40), 1);
    await writeJournal(directory, facts.slice(40), 1);
    rmSync(`${directory}/gateway-1/facts-0000000001.log`);
    await expect(rebuildProjections(database, { directory })).rejects.toMatchObject({ code: 'incomplete_journal' });
  });
});

describe('the check of sums', () => {
  it('finds journal, ledger and rollups equal, goes on where it ended, and names what differs', async () => {
    const { database, directory, truth } = await projectedLedger(80, 13);
    const first = await checkSums(database, directory);
    expect(first).toMatchObject({ ok: true, problems: [], journal: { costNanos: truth.costNanos } });
    expect(first.journal.chargeNanos).toBe(truth.chargeNanos);
    const more = randomExchanges(50, { random: createSeededRandom(14), startMs, spreadMs, customers: 4 });
    await writeJournal(directory, more.facts);
    await projectAll(database.db, directory);
    const second = await checkSums(database, directory);
    expect(second).toMatchObject({ ok: true, journal: { costNanos: truth.costNanos + more.truth.costNanos } });
    await sql`UPDATE usage_day SET charge_nanos = charge_nanos - 1 WHERE requests > 0`.execute(database.db);
    const third = await checkSums(database, directory);
    expect(third.ok).toBe(false);
    expect(third.problems).toEqual([expect.stringMatching(/the charge in days is/)]);
  });
});

describe('the check of sums after old segments are gone', () => {
  async function withTwoSegments() {
    const { database } = await closedAfterTest(openTestDatabase());
    const directory = temporaryFolder();
    const { facts, truth } = randomExchanges(40, { random: createSeededRandom(19), startMs, spreadMs, customers: 2 });
    await writeJournal(directory, facts.slice(0, 60));
    await writeJournal(directory, facts.slice(60));
    await projectAll(database.db, directory);
    return { database, directory, truth };
  }

  it('goes on where it ended, and asks for nothing older', async () => {
    const { database, directory, truth } = await withTwoSegments();
    await checkSums(database, directory);
    rmSync(`${directory}/gateway-1/facts-0000000001.log`);
    const report = await checkSums(database, directory);
    expect(report).toMatchObject({ ok: true, incomplete: [], journal: { costNanos: truth.costNanos } });
  });

  it('raises no alarm when it never saw them, says so, and still compares the books with each other', async () => {
    const { database, directory } = await withTwoSegments();
    rmSync(`${directory}/gateway-1/facts-0000000001.log`);
    expect(await checkSums(database, directory)).toMatchObject({ ok: true, problems: [], incomplete: ['gateway-1'] });
    await sql`UPDATE usage_day SET charge_nanos = charge_nanos - 1 WHERE requests > 0`.execute(database.db);
    const after = await checkSums(database, directory);
    expect(after.problems).toEqual([expect.stringMatching(/the charge in days is .*, by the ledger/)]);
  });
});

describe('usage', () => {
  it('adds up to the same sums by every dimension, length of time and zone', async () => {
    const { database, truth } = await projectedLedger(300, 15);
    const span = { fromMs: Date.UTC(2026, 9, 30), toMs: Date.UTC(2026, 10, 4) };
    const whole = await usage(database, span);
    expect(whole.rows).toHaveLength(1);
    expect(whole.rows[0]).toMatchObject({
      requests: BigInt(truth.requests),
      costNanos: truth.costNanos,
      chargeNanos: truth.chargeNanos,
      marginNanos: truth.chargeNanos - truth.costNanos,
    });
    const dimensions: readonly UsageDimension[] = ['customer', 'key', 'job', 'model', 'host', 'endUser', 'feature'];
    for (const dimension of dimensions) {
      const { rows } = await usage(database, { ...span, groupBy: [dimension], limit: 1000 });
      expect(rows.length).toBeGreaterThan(1);
      expect(rows.reduce((sum, row) => sum + row.chargeNanos, 0n)).toBe(truth.chargeNanos);
    }
    for (const every of ['hour', 'day', 'month'] as const) {
      for (const timeZone of [undefined, 'Asia/Kolkata', 'America/New_York']) {
        const { rows } = await usage(database, { ...span, every, timeZone, limit: 1000 });
        expect(rows.reduce((sum, row) => sum + row.costNanos, 0n)).toBe(truth.costNanos);
      }
    }
  });

  it('cuts days at the midnight of the zone that was asked for', async () => {
    const { database } = await projectedLedger(60, 16);
    const midnight = Date.UTC(2026, 9, 31, 18, 30);
    const day = { fromMs: midnight, toMs: midnight + 86_400_000 };
    const exact = await usage(database, day);
    const { rows } = await usage(database, {
      fromMs: Date.UTC(2026, 9, 30),
      toMs: Date.UTC(2026, 10, 4),
      every: 'day',
      timeZone: 'Asia/Kolkata',
    });
    expect(rows.find(({ atMs }) => atMs === midnight)).toMatchObject({ chargeNanos: exact.rows[0]?.chargeNanos });
  });

  it('comes in pages that miss nothing and repeat nothing', async () => {
    const { database, truth } = await projectedLedger(120, 17);
    const query = { fromMs: Date.UTC(2026, 9, 30), toMs: Date.UTC(2026, 10, 4), groupBy: ['key', 'model'] as const };
    let total = 0n;
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await usage(database, { ...query, limit: 5, cursor });
      total += page.rows.reduce((sum, row) => sum + row.chargeNanos, 0n);
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== undefined);
    expect(pages).toBeGreaterThan(2);
    expect(total).toBe(truth.chargeNanos);
    await expect(usage(database, { ...query, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('lists the last exchanges of a customer, newest first, with their place in the journal', async () => {
    const { database, facts } = await projectedLedger(80, 18);
    const finals = facts.filter((fact) => fact.type === 'final' && fact.customer === 'customer-1');
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await recentExchanges(database, { customer: 'customer-1', limit: 7, cursor });
      seen.push(...page.rows.map(({ requestId }) => requestId));
      cursor = page.nextCursor;
      expect(page.rows.every(({ position }) => position.segment > 0)).toBe(true);
    } while (cursor !== undefined);
    expect(seen).toEqual(finals.map(({ requestId }) => requestId).toReversed());
  });
});

it('drops only what is older than it is kept, and moves the horizon with it', async () => {
  const { database } = await closedAfterTest(openTestDatabase());
  const directory = temporaryFolder();
  const long = { random: createSeededRandom(3), startMs, spreadMs: 8 * 86_400_000, customers: 2 };
  const { facts } = randomExchanges(120, long);
  await writeJournal(directory, facts);
  await projectAll(database.db, directory);
  const dropped = await dropExpired(database, startMs + 8 * 86_400_000);
  expect(dropped.map(({ table }) => table)).toContain('exchange_recent');
  const row = await database.db.selectFrom('watermark').select('horizon_ms').executeTakeFirstOrThrow();
  const oldest = await database.db
    .selectFrom('exchange_recent')
    .select(({ fn }) => fn.min<bigint>('day_ms').as('day'))
    .executeTakeFirstOrThrow();
  expect(oldest.day).toBe(row.horizon_ms);
  const before = await bookedSums(database.db);
  await writeJournal(directory, facts.slice(0, 12));
  await projectAll(database.db, directory);
  const after = await bookedSums(database.db);
  expect(after.cost['ledger']).toBe(before.cost['ledger']);
  const stale = await database.db.selectFrom('quarantine').select('reason').execute();
  expect(new Set(stale.map(({ reason }) => reason))).toEqual(new Set(['stale']));
});
