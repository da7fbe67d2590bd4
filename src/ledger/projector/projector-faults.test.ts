import type { KyselyPlugin } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { AttemptFact, CorrectionFact, Fact } from '../../domain/facts/facts.ts';
import type { Price } from '../../domain/rating/price.ts';
import { type CursorBatch, JournalCursor, journalStart } from '../../journal/index.ts';
import { systemClock } from '../../platform/clock.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import {
  bookedSums,
  gatewayId,
  projectAll,
  quietPorts,
  temporaryFolder,
  writeJournal,
} from '../testing/ledger-harness.ts';
import { randomExchanges } from '../testing/random-exchanges.ts';
import { Projector } from './projector.ts';
import { runProjector } from './thread/projector-loop.ts';

const database = sharedTestDatabase();
const startMs = Date.UTC(2026, 9, 31, 22);
const mixOf = (seed: number) => ({ random: createSeededRandom(seed), startMs, spreadMs: 3_600_000, customers: 3 });

/** Fails before the n-th statement. */
function failpoint(at: number): KyselyPlugin & { readonly seen: () => number } {
  let count = 0;
  return {
    transformQuery({ node }) {
      count += 1;
      if (count === at) throw new Error(`killed before statement ${at}`);
      return node;
    },
    transformResult: async ({ result }) => result,
    seen: () => count,
  };
}

describe('a projector that dies', () => {
  it(
    '[storage fault 3] between any two statements has done all of a batch or nothing',
    { timeout: 60_000 },
    async () => {
      const directory = temporaryFolder();
      const { facts, truth } = randomExchanges(6, mixOf(21));
      await writeJournal(directory, facts);
      const cursor = new JournalCursor(directory, gatewayId);
      let deaths = 0;
      let at = 1;
      for (;;) {
        const dying = new Projector(database().db.withPlugin(failpoint(at)), { gatewayId }, quietPorts().ports);
        try {
          await dying.claim();
          const batch = await cursor.read(dying.position, { maxBytes: 6000 });
          if (batch.facts.length === 0) break;
          await dying.project(batch);
          at = 1;
        } catch (error) {
          expect(String(error)).toContain('killed before');
          deaths += 1;
          at += 1;
        }
        const sums = await bookedSums(database().db);
        expect(new Set(Object.values(sums.cost)).size).toBe(1);
        expect(new Set(Object.values(sums.charge)).size).toBe(1);
      }
      expect(deaths).toBeGreaterThan(20);
      const sums = await bookedSums(database().db);
      expect(sums.cost['ledger']).toBe(truth.costNanos);
      expect(sums.requests).toBe(BigInt(truth.requests));
    },
  );

  it('[storage fault 12] waits while the database refuses and drains the backlog afterwards', async () => {
    const directory = temporaryFolder();
    const { facts, truth } = randomExchanges(50, mixOf(22));
    await writeJournal(directory, facts);
    const cursor = new JournalCursor(directory, gatewayId);
    const projector = new Projector(database().db, { gatewayId }, quietPorts().ports);
    const stop = new AbortController();
    const failures: string[] = [];
    let refusals = 6;
    await runProjector(
      {
        get position() {
          return projector.position;
        },
        claim: () => projector.claim(),
        prepare: (batch) => projector.prepare(batch),
        refuse: (batch, detail) => projector.refuse(batch, detail),
        project: async (batch) => {
          refusals -= 1;
          if (refusals > 0) throw Object.assign(new Error('too many clients'), { code: '53300' });
          return projector.project(batch);
        },
      },
      {
        gatewayId,
        read: (from, maxBytes) => cursor.read(from, { maxBytes }),
        until: () => undefined,
        clock: systemClock,
        alarm: () => undefined,
        report: (progress) => {
          if (progress.failure !== undefined) failures.push(progress.failure);
          else if (progress.isCaughtUp && progress.facts === 0) stop.abort();
        },
        signal: stop.signal,
        maxBatchBytes: 10_000,
        idleMs: 1,
        longestBackOffMs: 5,
      },
    );
    expect(failures).toEqual(Array.from({ length: 5 }, () => 'too many clients'));
    expect((await bookedSums(database().db)).cost['ledger']).toBe(truth.costNanos);
  });
});

describe('facts that cannot be booked', () => {
  it('are set apart one by one, with an alarm, and everything behind them is booked', async () => {
    const directory = temporaryFolder();
    const { facts, truth } = randomExchanges(20, mixOf(23));
    const bad = [
      { type: 'attempt', requestId: 'req_bad', attempt: 1 },
      { type: 'final', requestId: 'req_bad2', atMs: 1, costNanos: '9300000000000000000000' },
      { type: 'final', requestId: '\u0000', atMs: 1 },
    ] as unknown as Fact[];
    await writeJournal(directory, [...facts.slice(0, 30), ...bad, ...facts.slice(30)]);
    const { ports, alarms } = quietPorts();
    await projectAll(database().db, directory, { ports });
    expect((await bookedSums(database().db)).cost['ledger']).toBe(truth.costNanos);
    expect(alarms).toHaveLength(3);
    const rows = await database().db.selectFrom('quarantine').select(['reason', 'detail']).orderBy('id').execute();
    expect(rows.map(({ reason }) => reason)).toEqual(['malformed', 'malformed', 'malformed']);
  });

  it('hold names with characters that Postgres refuses without harm', async () => {
    const directory = temporaryFolder();
    const { facts, truth } = randomExchanges(3, mixOf(24));
    const hostile = facts.map((fact): Fact => ('endUser' in fact ? { ...fact, endUser: 'a\u0000b\uD800' } : fact));
    await writeJournal(directory, hostile);
    await projectAll(database().db, directory, { maxBytes: 1 });
    expect((await bookedSums(database().db)).charge['endUser']).toBe(truth.chargeNanos);
    const rows = await database().db.selectFrom('end_user_day').select('end_user').distinct().execute();
    expect(rows).toEqual([{ end_user: 'a\uFFFDb\uFFFD' }]);
  });

  it('include an attempt whose own price gives another cost: its amount waits in quarantine', async () => {
    const directory = temporaryFolder();
    const { facts } = randomExchanges(10, mixOf(25));
    const price: Price = { versionId: 'v1', picosPerUnit: { input: 1_000_000n, cacheRead: 0n, output: 2_000_000n } };
    const rated = facts.map((fact) => (fact.type === 'attempt' ? rateRight(fact, price) : fact));
    const wrong = rated.findIndex((fact) => fact.type === 'attempt' && fact.usage !== undefined);
    const original = rated[wrong] as AttemptFact;
    rated[wrong] = { ...original, costNanos: (BigInt(original.costNanos ?? '0') + 5n).toString() };
    await writeJournal(directory, withoutTotals(rated));
    const versions = {
      load: () => Promise.resolve(),
      price: (id: string) => (id === 'v1' ? price : undefined),
      contract: () => undefined,
    };
    const { ports, alarms } = quietPorts({ versions });
    await projectAll(database().db, directory, { ports });
    const held = await database()
      .db.selectFrom('quarantine')
      .selectAll()
      .where('reason', '=', 'rating_difference')
      .execute();
    expect(held).toHaveLength(1);
    expect(held[0]?.cost_nanos).toBe(BigInt(original.costNanos ?? '0') + 5n);
    expect(alarms.some(({ detail }) => detail.startsWith('rating_difference'))).toBe(true);
    const expected = rated.reduce(
      (sum, fact, index) => (fact.type === 'attempt' && index !== wrong ? sum + BigInt(fact.costNanos ?? '0') : sum),
      0n,
    );
    expect((await bookedSums(database().db)).cost['ledger']).toBe(expected);
  });
});

describe('corrections', () => {
  it('[money 77] add the difference in an entry of their own, once, whenever they arrive; both figures stay', async () => {
    const directory = temporaryFolder();
    const { facts } = randomExchanges(1, mixOf(26));
    const [open, attempt] = facts;
    const final = facts.at(-1);
    if (open?.type !== 'open' || attempt?.type !== 'attempt' || final?.type !== 'final') throw new Error('facts');
    const { fault: _fault, ...clean } = attempt;
    const exchange: Fact[] = [
      open,
      { ...clean, usage: { input: 10, output: 50 }, usageSource: 'estimated', costNanos: '1000', flags: ['estimated'] },
      {
        ...final,
        status: 'aborted',
        attempts: 1,
        usage: { input: 10, output: 50 },
        costNanos: '1000',
        chargeNanos: '1200',
      },
    ];
    const correction: CorrectionFact = {
      type: 'correction',
      requestId: open.requestId,
      attempt: 1,
      atMs: open.atMs + 60_000,
      correctionId: 'cor_1',
      usage: { input: 10, output: 80 },
      costNanos: '1600',
      chargeNanos: '1100',
      source: 'usage of the provider',
    };
    await writeJournal(directory, [correction, ...exchange, correction]);
    await projectAll(database().db, directory, { maxBytes: 1 });
    const sums = await bookedSums(database().db);
    expect(sums.cost).toMatchObject({ slot: 1600n, day: 1600n, host: 1600n, ledger: 1600n, recent: 1600n });
    expect(sums.charge).toMatchObject({ slot: 1100n, day: 1100n, ledger: 1100n, customers: 1100n, recent: 1100n });
    expect(sums.outputUnits).toBe(80n);
    const txns = await database().db.selectFrom('ledger_txn').select(['kind', 'op_key']).orderBy('id').execute();
    expect(txns.map(({ kind }) => kind).toSorted()).toEqual(['correction', 'usage', 'usage']);
    const stored = await database().db.selectFrom('correction').selectAll().executeTakeFirstOrThrow();
    expect(stored).toMatchObject({ state: 'applied', cost_delta_nanos: 600n, charge_delta_nanos: -100n });
    const slot = await database().db.selectFrom('usage_slot').selectAll().execute();
    expect(slot.reduce((sum, row) => sum + row.estimated_cost_nanos, 0n)).toBe(0n);
  });
});

it('reads nothing from an empty journal and writes nothing', async () => {
  const projector = new Projector(database().db, { gatewayId }, quietPorts().ports);
  await projector.claim();
  const nothing: CursorBatch = { facts: [], next: journalStart, isAtEnd: true };
  expect(await projector.project(nothing)).toEqual({ facts: 0, booked: 0, repeated: 0, quarantined: 0 });
});

function rateRight(fact: AttemptFact, price: Price): AttemptFact {
  if (!fact.usage) return fact;
  const { input = 0, output = 0 } = fact.usage;
  const costNanos = (input * 1000 + output * 2000).toString();
  return { ...fact, costNanos, priceVersionId: price.versionId };
}

/** Without the sums of the exchange, which would book what the held attempt lacks. */
function withoutTotals(facts: readonly Fact[]): Fact[] {
  return facts.map((fact) => (fact.type === 'final' ? { ...fact, costNanos: null, chargeNanos: '1' } : fact));
}
