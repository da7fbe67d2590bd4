import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import type { PriceTerms } from '../../domain/rating/price.ts';
import type { QuoteObservation } from './observation.ts';
import { RatingVersions } from './rating-versions.ts';
import { StoredPriceBook } from './stored-price-book.ts';

const dayMs = 86_400_000;
const endpointId = 'acme/small';

const cheap: PriceTerms = {
  picosPerUnit: { input: 400_000n, output: 2_000_000n },
  rules: [{ when: { minTotalInputGt: 200_000 }, picosPerUnit: { input: 800_000n } }],
  batchRatioPpm: 500_000n,
  regionRatioPpm: { eu: 1_100_000n },
  picosPerCall: 5n,
  tierMode: 'marginal',
};
const dear: PriceTerms = { ...cheap, picosPerUnit: { input: 1_500_000n, output: 7_500_000n } };

function quote(source: string, atMs: number, terms: PriceTerms): QuoteObservation {
  return { kind: 'quote', source, endpointId, atMs, terms, sourceText: '{}', sourceHash: 'c0ffee' };
}

describe('a stored price book', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await openTestDatabase();
  }, 60_000);
  afterAll(() => test.close());
  beforeEach(async () => {
    const { db } = test.database;
    await db.deleteFrom('price_endpoint').execute();
    await db.deleteFrom('price_alert').execute();
  });

  it('is the same after a restart, with its pending moves, versions and what was told', async () => {
    const id = 'acme/restarted';
    const at = (observation: QuoteObservation): QuoteObservation => ({ ...observation, endpointId: id });
    const book = new StoredPriceBook(test.database);
    await book.ingest(['a', 'b'].map((source) => at(quote(source, 0, cheap))));
    await book.ingest([at(quote('a', dayMs, dear))]);
    const restarted = new StoredPriceBook(test.database);
    await restarted.refresh();
    expect(restarted.view(id)).toEqual(book.view(id));
    expect(restarted.priceAt(id, dayMs)?.price).toMatchObject(cheap);
    await restarted.ingest([at(quote('b', 2 * dayMs, dear))]);
    expect(restarted.view(id)?.versions.map(({ validFromMs, validToMs }) => [validFromMs, validToMs])).toEqual([
      [0, 2 * dayMs],
      [2 * dayMs, undefined],
    ]);
    expect(await restarted.store.listAlerts({ limit: 10 })).toMatchObject([
      { kind: 'price_changed', severity: 'page', endpointId: id, pagedAtMs: 2 * dayMs },
    ]);
    // The first replica hears of it.
    await book.refresh();
    expect(book.view(id)).toEqual(restarted.view(id));
  });

  it('makes each change on what other replicas have stored, however they interleave', async () => {
    const id = 'acme/raced';
    const books = [new StoredPriceBook(test.database), new StoredPriceBook(test.database)];
    const priced = (atMs: number): PriceTerms => ({ picosPerUnit: { input: BigInt(1 + (atMs % 7)) * 1_000_000n } });
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        books[index % 2]?.setManual(id, priced(index), { atMs: dayMs + index, by: `person-${index}` }),
      ),
    );
    const seen = new StoredPriceBook(test.database);
    await seen.refresh();
    for (const book of books) await book.refresh();
    expect(books.map((book) => book.view(id))).toEqual([seen.view(id), seen.view(id)]);
    const rows = await test.database.db.selectFrom('price_version').selectAll().where('endpoint_id', '=', id).execute();
    expect(rows.filter(({ valid_to_ms: end }) => end === null)).toHaveLength(1);
    expect(rows.map(({ position }) => position).toSorted((one, other) => one - other)).toEqual(
      rows.map((_, index) => index),
    );
  });

  it('goes on rating from memory when a change cannot be stored, and reads what is stored afterwards', async () => {
    const id = 'acme/away';
    const book = new StoredPriceBook(test.database);
    await book.setManual(id, cheap, { atMs: 1, by: 'ann' });
    const { db } = test.database;
    await sql`ALTER TABLE price_endpoint RENAME TO price_endpoint_away`.execute(db);
    await expect(book.setManual(id, dear, { atMs: 2, by: 'ann' })).rejects.toThrow('price_endpoint');
    expect(book.priceAt(id, 5)).toBeDefined();
    await sql`ALTER TABLE price_endpoint_away RENAME TO price_endpoint`.execute(db);
    await book.refresh();
    expect(book.priceAt(id, 5)?.price).toMatchObject(cheap);
  });

  it('raises a notice once, pages the same one later, and lets somebody see to it once', async () => {
    const id = 'acme/told';
    const at = (observation: QuoteObservation): QuoteObservation => ({ ...observation, endpointId: id });
    const book = new StoredPriceBook(test.database);
    await book.ingest(['a', 'b'].map((source) => at(quote(source, 0, cheap))));
    await book.ingest([at(quote('a', dayMs, dear))]);
    await book.advance(4 * dayMs);
    await new StoredPriceBook(test.database).advance(5 * dayMs);
    const [notice, ...more] = await book.store.listAlerts({ limit: 10 });
    expect(notice).toMatchObject({ severity: 'notice', raisedAtMs: 3 * dayMs, pagedAtMs: undefined });
    expect(notice?.moves).toContainEqual({ figure: 'input', from: 400_000n, to: 1_500_000n });
    expect(more).toEqual([]);
    await book.ingest([at(quote('b', 6 * dayMs, dear))]);
    expect(await book.store.listAlerts({ limit: 10 })).toMatchObject([{ id: notice?.id, severity: 'page' }]);
    const by = { atMs: 7 * dayMs, by: 'ana' };
    expect(await book.store.acknowledge(notice?.id ?? '', by)).toBe(true);
    expect(await book.store.acknowledge(notice?.id ?? '', by)).toBe(false);
  });

  it('never changes a version: the database refuses it', async () => {
    const id = 'acme/immutable';
    const book = new StoredPriceBook(test.database);
    await book.setManual(id, cheap, { atMs: 0, by: 'ana' });
    const { db } = test.database;
    await expect(
      db.updateTable('price_version').set({ terms: '{}' }).where('endpoint_id', '=', id).execute(),
    ).rejects.toThrow(/never changed/);
    await expect(db.deleteFrom('price_version').where('endpoint_id', '=', id).execute()).rejects.toThrow(
      /never changed/,
    );
    await book.setManual(id, dear, { atMs: dayMs, by: 'ana' });
    expect(
      await db
        .selectFrom('price_version')
        .select('valid_to_ms')
        .where('endpoint_id', '=', id)
        .orderBy('position')
        .execute(),
    ).toEqual([{ valid_to_ms: BigInt(dayMs) }, { valid_to_ms: null }]);
  });

  it('begins again from what is stored when a change cannot be stored', async () => {
    const id = 'acme/broken';
    const book = new StoredPriceBook(test.database);
    const observation = { ...quote('a', 0, cheap), endpointId: id };
    await expect(book.ingest([observation, { ...observation, endpointId: 'acme/\u0000' }])).rejects.toThrow();
    expect(book.view(id)).toBeUndefined();
    await book.ingest([observation]);
    expect(book.priceAt(id, 0)?.price).toMatchObject(cheap);
  });

  it('takes in a whole catalog piece by piece, and does not write again what is only affirmed', async () => {
    const book = new StoredPriceBook(test.database);
    const catalogAt = (atMs: number): QuoteObservation[] =>
      Array.from({ length: 700 }, (_, index) => ({ ...quote('a', atMs, cheap), endpointId: `many/${index}` }));
    await book.ingest(catalogAt(0));
    const revisions = () =>
      test.database.db.selectFrom('price_endpoint').select('revision').orderBy('endpoint_id').execute();
    const before = await revisions();
    expect(before).toHaveLength(700);
    await book.ingest(catalogAt(3_600_000));
    expect(await revisions()).toEqual(before);
    await book.ingest(catalogAt(dayMs));
    expect(await revisions()).not.toEqual(before);
    expect(book.priceAt('many/699', dayMs)?.price).toMatchObject(cheap);
  });

  it('keeps aliases, and prices and contracts of the configuration by their ids', async () => {
    const book = new StoredPriceBook(test.database);
    await book.ingest([
      { ...quote('a', 0, cheap), endpointId: 'acme/one' },
      { kind: 'alias', source: 'a', aliasId: 'acme/latest', endpointId: 'acme/one', atMs: 0 },
    ]);
    const restarted = new StoredPriceBook(test.database);
    await restarted.refresh();
    const version = restarted.priceAt('acme/latest', 1);
    expect(version?.endpointId).toBe('acme/one');
    const versions = new RatingVersions(test.database);
    const contract = { versionId: 'contract_1', ratioPpm: 850_000n };
    await versions.remember([{ ...dear, versionId: 'config_1' }], [contract]);
    const later = new RatingVersions(test.database);
    await later.load({ prices: ['config_1', version?.id ?? '', 'nobody'], contracts: ['contract_1'] });
    expect(later.price('config_1')).toEqual({ ...dear, versionId: 'config_1' });
    expect(later.price(version?.id ?? '')).toEqual(version?.price);
    expect(later.contract('contract_1')).toEqual(contract);
    expect(later.price('nobody')).toBeUndefined();
  });
});
