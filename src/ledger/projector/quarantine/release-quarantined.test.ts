import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { RatingVersions } from '../../../catalog/index.ts';
import type { AttemptFact, Fact } from '../../../domain/facts/facts.ts';
import type { Price } from '../../../domain/rating/price.ts';
import { createSeededRandom } from '../../../platform/random.ts';
import { openTestDatabase } from '../../../storage/testing/open-test-database.ts';
import { checkSums } from '../../rebuild/check-sums.ts';
import { rebuildProjections } from '../../rebuild/rebuild-projections.ts';
import {
  bookedSums,
  closedAfterTest,
  projectAll,
  quietPorts,
  temporaryFolder,
  writeJournal,
} from '../../testing/ledger-harness.ts';
import { randomExchanges } from '../../testing/random-exchanges.ts';
import { listQuarantined } from './list-quarantined.ts';
import { releaseQuarantined } from './release-quarantined.ts';

const startMs = Date.UTC(2026, 9, 31, 22);
const price: Price = { versionId: 'v1', picosPerUnit: { input: 1_000_000n, cacheRead: 0n, output: 2_000_000n } };
const order = { reason: 'the price was read wrongly', by: 'ann', nowMs: startMs };

/** Every attempt at the price, some at twice its output price, and exchanges that cost what their attempts do. */
function rated(facts: readonly Fact[], isWrong: (index: number) => boolean): Fact[] {
  const costs = new Map<string, bigint>();
  let index = 0;
  return facts.map((fact): Fact => {
    if (fact.type === 'attempt' && fact.usage) {
      const { input = 0, output = 0 } = fact.usage;
      const cost = BigInt(input * 1000 + output * (isWrong((index += 1)) ? 4000 : 2000));
      costs.set(fact.requestId, (costs.get(fact.requestId) ?? 0n) + cost);
      return { ...fact, costNanos: cost.toString(), priceVersionId: 'v1' };
    }
    if (fact.type === 'attempt') return { ...fact, costNanos: '0' } as AttemptFact;
    if (fact.type !== 'final') return fact;
    const cost = costs.get(fact.requestId) ?? 0n;
    const absorbedNanos = BigInt(fact.absorbedNanos ?? '0') > 0n ? cost.toString() : undefined;
    const { absorbedNanos: _dropped, ...rest } = fact;
    return {
      ...rest,
      costNanos: cost.toString(),
      chargeNanos: '7',
      ...(absorbedNanos !== undefined && { absorbedNanos }),
    };
  });
}

async function projected(wrongEvery: number) {
  const { database } = await closedAfterTest(openTestDatabase());
  const directory = temporaryFolder();
  const made = randomExchanges(60, { random: createSeededRandom(31), startMs, spreadMs: 7_200_000, customers: 3 });
  const facts = rated(made.facts, (index) => index % wrongEvery === 0);
  const versions = new RatingVersions(database);
  await versions.remember([price], []);
  // Told twice, as after a crash of who wrote them: what is held is held once.
  await writeJournal(directory, [...facts, ...facts.slice(-30)]);
  const { ports } = quietPorts({ versions });
  await projectAll(database.db, directory, { ports, maxBytes: 20_000 });
  const held = await listQuarantined(database.db, { limit: 100, reason: 'rating_difference' });
  const costNanos = facts.reduce((sum, fact) => (fact.type === 'final' ? sum + BigInt(fact.costNanos ?? 0) : sum), 0n);
  return { database, directory, held, costNanos };
}

async function correctPrice(database: Awaited<ReturnType<typeof projected>>['database'], outputPicos: bigint) {
  await sql`DELETE FROM rating_version`.execute(database.db);
  const versions = new RatingVersions(database);
  await versions.remember([{ ...price, picosPerUnit: { ...price.picosPerUnit, output: outputPicos } }], []);
  return new RatingVersions(database);
}

it('what was held is booked when a person lets it out, as a rebuild books it, and the sums hold before and after', async () => {
  const { database, directory, held, costNanos } = await projected(5);
  expect(held.length).toBeGreaterThan(5);
  expect(await checkSums(database, directory)).toMatchObject({ ok: true });
  const lacking = held.reduce((sum, fact) => sum + fact.costNanos, 0n);
  expect((await bookedSums(database.db)).cost['ledger']).toBe(costNanos - lacking);

  const versions = new RatingVersions(database);
  const [first] = held;
  await expect(releaseQuarantined(database, { ...order, id: first?.id ?? 0n }, versions)).rejects.toThrow(
    'still gives',
  );
  for (const { id } of held) await releaseQuarantined(database, { ...order, id, acceptDifference: true }, versions);
  const again = { ...order, id: first?.id ?? 0n, acceptDifference: true };
  await expect(releaseQuarantined(database, again, versions)).rejects.toThrow('is released');

  const { cost } = await bookedSums(database.db);
  for (const [place, booked] of Object.entries(cost)) expect([place, booked]).toEqual([place, costNanos]);
  expect(await checkSums(database, directory)).toMatchObject({ ok: true, quarantined: { costNanos: 0n } });
  expect(await database.db.selectFrom('held_exchange').selectAll().execute()).toEqual([]);
  const [told] = await listQuarantined(database.db, { limit: 1, isReleased: true });
  expect(told?.release).toEqual({ atMs: startMs, by: 'ann', reason: 'the price was read wrongly' });
  expect(await rebuildProjections(database, { directory })).toMatchObject({ differences: [], isReplaced: true });
  expect((await bookedSums(database.db)).cost).toEqual(cost);
});

it('a corrected price lets out what agrees with it, and a rebuild comes to the same', async () => {
  const { database, directory, held } = await projected(1);
  const versions = await correctPrice(database, 4_000_000n);
  for (const { id } of held) await releaseQuarantined(database, { ...order, id }, versions);
  expect(await checkSums(database, directory)).toMatchObject({ ok: true, quarantined: { costNanos: 0n } });
  expect(await rebuildProjections(database, { directory })).toMatchObject({ differences: [] });
});

it('lets nothing out that cannot be booked, and changes nothing then', async () => {
  const { database, directory, held } = await projected(5);
  const versions = new RatingVersions(database);
  await sql`UPDATE quarantine SET reason = 'malformed' WHERE id = ${held[0]?.id}`.execute(database.db);
  await sql`DELETE FROM held_exchange WHERE request_id = ${held[1]?.requestId}`.execute(database.db);
  const before = await bookedSums(database.db);
  const release = (id: bigint | undefined) =>
    releaseQuarantined(database, { ...order, id: id ?? 0n, acceptDifference: true }, versions);
  await expect(release(999_999n)).rejects.toMatchObject({ code: 'unknown_txn' });
  await expect(release(held[0]?.id)).rejects.toMatchObject({ code: 'conflict' });
  await expect(release(held[1]?.id)).rejects.toMatchObject({ code: 'conflict' });
  expect(await bookedSums(database.db)).toEqual(before);
  expect((await checkSums(database, directory)).ok).toBe(true);
});
