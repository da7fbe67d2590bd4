import { expect, it } from 'vitest';
import { PriceStore, StoredPriceBook } from '../catalog/index.ts';
import type { AttemptFact, Fact } from '../domain/facts/facts.ts';
import type { PriceTerms } from '../domain/rating/price.ts';
import { createSeededRandom } from '../platform/random.ts';
import { sharedTestDatabase } from '../storage/testing/shared-test-database.ts';
import { InvoiceFixture } from './invoices/testing/invoice-fixture.ts';
import { alertMargins, MarginWatch } from './margin-alerts.ts';
import { projectAll, temporaryFolder, writeJournal } from './testing/ledger-harness.ts';
import { randomExchanges } from './testing/random-exchanges.ts';

const database = sharedTestDatabase();
const nowMs = Date.UTC(2026, 9, 20, 12);
const hour = 3_600_000;
const price = (input: bigint, output: bigint): PriceTerms => ({ picosPerUnit: { input, cacheRead: 0n, output } });
const listed = { 'model-0': { input: '0.5', cacheRead: '0', output: '2.5' } };

/** Every attempt of these exchanges went to one endpoint, at the version that was in force. */
function atVersion(facts: readonly Fact[], versionId: string): Fact[] {
  return facts.map((fact) =>
    fact.type === 'attempt' ? ({ ...fact, priceVersionId: versionId } as AttemptFact) : fact,
  );
}

it('[money 68] a price that takes a margin under its floor raises one alert for each customer hit, none for others', async () => {
  const fixture = new InvoiceFixture(database());
  for (const customer of ['customer-0', 'customer-1', 'customer-2', 'customer-3']) await fixture.addCustomer(customer);
  const from = { fromMs: nowMs - 30 * 24 * hour };
  await fixture.subscribe('customer-0', { prices: listed, marginFloorPercent: '10' }, from);
  await fixture.subscribe('customer-1', { markupPercent: '20', marginFloorPercent: '10' }, from);
  await fixture.subscribe('customer-2', { prices: listed }, from);
  const book = new StoredPriceBook(database());
  await book.setManual('host-0/upstream-0', price(400_000n, 2_000_000n), { atMs: nowMs - 48 * hour, by: 'ann' });
  const versionId = book.priceAt('host-0/upstream-0', nowMs - 2 * hour)?.id ?? '';
  const mix = { random: createSeededRandom(3), startMs: nowMs - 3 * hour, spreadMs: hour, customers: 4, variety: 1 };
  const directory = temporaryFolder();
  await writeJournal(directory, atVersion(randomExchanges(24, mix).facts, versionId));
  await projectAll(database().db, directory);
  expect(await alertMargins(database(), nowMs)).toEqual([]);

  await book.setManual('host-0/upstream-0', price(1_500_000n, 7_500_000n), { atMs: nowMs - 60_000, by: 'ann' });
  const raised = await alertMargins(database(), nowMs);
  expect(raised.map(({ customer, endpointId }) => [customer, endpointId])).toEqual([
    ['customer-0', 'host-0/upstream-0'],
  ]);
  expect(await alertMargins(database(), nowMs + 60_000)).toEqual([]);
  const alerts = await new PriceStore(database()).listAlerts({ limit: 10 });
  expect(alerts.filter(({ kind }) => kind === 'margin_below_floor')).toMatchObject([
    { severity: 'page', endpointId: 'host-0/upstream-0', message: expect.stringContaining('customer-0') },
  ]);
  expect(await alertMargins(database(), nowMs + 25 * hour)).toEqual([]);
});

it('is looked at again only when a price is new or an hour has passed', async () => {
  const book = new StoredPriceBook(database());
  const endpoint = 'host-9/upstream-9';
  await book.setManual(endpoint, price(400_000n, 2_000_000n), { atMs: nowMs - 48 * hour, by: 'ann' });
  let looks = 0;
  const watch = new MarginWatch(database(), () => Promise.resolve(((looks += 1), [])));
  const looksAfter = async (atMs: number): Promise<number> => {
    await watch.look(atMs);
    return looks;
  };
  expect(await looksAfter(nowMs)).toBe(1);
  expect(await looksAfter(nowMs + 60_000)).toBe(1);
  await book.setManual(endpoint, price(900_000n, 2_000_000n), { atMs: nowMs + 90_000, by: 'ann' });
  expect(await looksAfter(nowMs + 120_000)).toBe(2);
  expect(await looksAfter(nowMs + 180_000)).toBe(2);
  expect(await looksAfter(nowMs + hour)).toBe(3);
});
