import { describe, expect, it } from 'vitest';
import type { Fact } from '../../domain/facts/facts.ts';
import { JournalCursor } from '../../journal/index.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import {
  type BookedSums,
  bookedSums,
  gatewayId,
  projectAll,
  quietPorts,
  shuffled,
  temporaryFolder,
  writeJournal,
} from '../testing/ledger-harness.ts';
import { randomExchanges, type Truth } from '../testing/random-exchanges.ts';
import { Projector } from './projector.ts';

const database = sharedTestDatabase();
const startMs = Date.UTC(2026, 9, 31, 22);
const mixOf = (seed: number) => ({
  random: createSeededRandom(seed),
  startMs,
  spreadMs: 4 * 3_600_000,
  customers: 5,
});

function expectTruth(sums: BookedSums, truth: Truth): void {
  const { costNanos: cost, chargeNanos: charge } = truth;
  expect(sums).toEqual({
    requests: BigInt(truth.requests),
    outputUnits: BigInt(truth.outputUnits),
    cost: { slot: cost, day: cost, host: cost, ledger: cost, vendors: cost, recent: cost, performance: cost },
    charge: { slot: charge, day: charge, endUser: charge, ledger: charge, customers: charge, recent: charge },
    absorbed: truth.absorbedNanos,
  });
}

describe('the projector', () => {
  it('books every exchange of a journal in ledger and rollups to the nano', async () => {
    const directory = temporaryFolder();
    const { facts, truth } = randomExchanges(300, mixOf(1));
    await writeJournal(directory, facts);
    const projector = await projectAll(database().db, directory, { maxBytes: 64 * 1024 });
    expect(projector.openExchanges).toBe(0);
    expectTruth(await bookedSums(database().db), truth);
    const byHost = await database()
      .db.selectFrom('ledger_entry')
      .innerJoin('ledger_account', 'ledger_account.id', 'account_id')
      .select(({ fn }) => ['owner', fn.sum<bigint>('amount_nanos').as('total')])
      .where('kind', '=', 'vendor_payable')
      .groupBy('owner')
      .execute();
    expect(new Map(byHost.map(({ owner, total }) => [owner, -total]))).toEqual(truth.costByHost);
  });

  it.each([2, 3, 4])(
    '[money 69] changes nothing for facts that come twice and in any order (seed %s)',
    async (seed) => {
      const directory = temporaryFolder();
      const mix = mixOf(seed);
      const { facts, truth } = randomExchanges(120, mix);
      const again = facts.filter(() => mix.random.unit() < 0.3);
      await writeJournal(directory, shuffled([...facts, ...again], mix.random));
      const projector = await projectAll(database().db, directory, { maxBytes: 16_000 });
      expect(projector.openExchanges).toBe(0);
      expectTruth(await bookedSums(database().db), truth);
      expect(await database().db.selectFrom('quarantine').selectAll().execute()).toEqual([]);
    },
  );

  it('knows whole exchanges again that were told in an earlier batch', async () => {
    const directory = temporaryFolder();
    const { facts, truth } = randomExchanges(60, mixOf(5));
    await writeJournal(directory, [...facts, ...facts, ...facts]);
    await projectAll(database().db, directory, { maxBytes: 1 });
    expectTruth(await bookedSums(database().db), truth);
  });

  it('[money 70] keeps the first of two contradicting facts and raises an alarm', async () => {
    const directory = temporaryFolder();
    const { facts, truth } = randomExchanges(20, mixOf(6));
    const changed = facts
      .filter(({ type }) => type === 'final')
      .map((fact): Fact => ({ ...fact, chargeNanos: '999999999' }) as Fact);
    await writeJournal(directory, [...facts, ...changed]);
    const { ports, alarms } = quietPorts();
    await projectAll(database().db, directory, { ports, maxBytes: 1 });
    expectTruth(await bookedSums(database().db), truth);
    expect(alarms.filter(({ detail }) => detail.startsWith('conflict'))).toHaveLength(20);
    const kept = await database().db.selectFrom('quarantine').select('reason').execute();
    expect(kept.map(({ reason }) => reason)).toEqual(Array.from({ length: 20 }, () => 'conflict'));
  });

  it('[storage fault 10] fences a projector whose journal another one has taken over', async () => {
    const directory = temporaryFolder();
    const { facts, truth } = randomExchanges(50, mixOf(7));
    await writeJournal(directory, facts);
    const cursor = new JournalCursor(directory, gatewayId);
    const stale = new Projector(database().db, { gatewayId }, quietPorts().ports);
    await stale.claim();
    const batch = await cursor.read(stale.position, { maxBytes: 1 << 20 });
    await projectAll(database().db, directory);
    await expect(stale.project(batch)).rejects.toMatchObject({ code: 'fenced' });
    expectTruth(await bookedSums(database().db), truth);
  });

  it('closes what a crash cut off: the cost is absorbed, nobody is charged', async () => {
    const directory = temporaryFolder();
    const { facts } = randomExchanges(1, mixOf(8));
    const [open, attempt] = facts;
    if (open?.type !== 'open' || attempt?.type !== 'attempt') throw new Error('expected an open and an attempt');
    const known = BigInt(attempt.costNanos ?? '0');
    const costNanos = (known + 1000n).toString();
    const abort: Fact = {
      type: 'abort',
      requestId: open.requestId,
      atMs: open.atMs + 9000,
      estimated: true,
      costNanos,
      reason: 'crash',
    };
    await writeJournal(directory, [open, attempt, abort]);
    await projectAll(database().db, directory);
    const sums = await bookedSums(database().db);
    expect(sums.cost['ledger']).toBe(known + 1000n);
    expect(sums.absorbed).toBe(known + 1000n);
    expect(sums.charge['slot']).toBe(0n);
    const row = await database().db.selectFrom('exchange_recent').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ status: 'aborted', is_estimated: true, customer: open.customer });
  });

  it('[money 78] books an absorbed empty answer as cost without charge, and what it still charges', async () => {
    const directory = temporaryFolder();
    const { facts } = randomExchanges(40, mixOf(9));
    const [open, attempt] = facts;
    const final = facts.find(({ type, requestId }) => type === 'final' && requestId === open?.requestId);
    if (attempt?.type !== 'attempt' || final?.type !== 'final' || !open) throw new Error('expected an exchange');
    await writeJournal(directory, [
      open,
      { ...attempt, costNanos: '25000000' },
      {
        ...final,
        status: 'failed',
        attempts: 1,
        costNanos: '25000000',
        absorbedNanos: '5000000',
        chargeNanos: '20000000',
      },
    ]);
    await projectAll(database().db, directory);
    const sums = await bookedSums(database().db);
    expect(sums.absorbed).toBe(5_000_000n);
    expect(sums.cost['ledger']).toBe(25_000_000n);
    expect(sums.charge['ledger']).toBe(20_000_000n);
  });
});
