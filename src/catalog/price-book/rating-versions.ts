import type { Price, PriceContract } from '../../domain/rating/price.ts';
import type { Database } from '../../storage/index.ts';
import { PriceStore } from './price-store.ts';
import { decodeTerms, encodeTerms } from './terms-codec.ts';

/** Versions kept in memory; the oldest leave. */
const maxKept = 50_000;

/**
 * Prices and contracts by the ids that facts name, wherever they came from: the price book, or a configuration that may
 * have changed since. What rates an attempt must be found again for as long as the attempt is told.
 */
export class RatingVersions {
  readonly #database: Database;
  readonly #store: PriceStore;
  readonly #prices = new Map<string, Price>();
  readonly #contracts = new Map<string, PriceContract>();

  constructor(database: Database) {
    this.#database = database;
    this.#store = new PriceStore(database);
  }

  /** Keeps prices and contracts of the configuration for good, before they rate anything. */
  async remember(prices: readonly Price[], contracts: readonly PriceContract[]): Promise<void> {
    const rows = [
      ...prices.map(({ versionId, ...terms }) => {
        return { id: versionId, kind: 'price' as const, body: JSON.stringify(encodeTerms(terms)) };
      }),
      ...contracts.map(({ versionId, ratioPpm }) => {
        return { id: versionId, kind: 'contract' as const, body: JSON.stringify({ ratioPpm: ratioPpm.toString() }) };
      }),
    ];
    if (rows.length === 0) return;
    await this.#database.db
      .insertInto('rating_version')
      .values(rows)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }

  /** Loads what is not known yet; asked once per batch. */
  async load(ids: { readonly prices: readonly string[]; readonly contracts: readonly string[] }): Promise<void> {
    const prices = ids.prices.filter((id) => !this.#prices.has(id));
    const contracts = ids.contracts.filter((id) => !this.#contracts.has(id));
    for (const { id, price } of await this.#store.findVersions(prices)) keep(this.#prices, id, price);
    const wanted = [...prices, ...contracts];
    if (wanted.length === 0) return;
    const rows = await this.#database.db.selectFrom('rating_version').selectAll().where('id', 'in', wanted).execute();
    for (const { id, kind, body } of rows) {
      if (kind === 'price') keep(this.#prices, id, { ...decodeTerms(body), versionId: id });
      else keep(this.#contracts, id, { versionId: id, ratioPpm: ratioOf(body) });
    }
  }

  price(versionId: string): Price | undefined {
    return this.#prices.get(versionId);
  }

  contract(versionId: string): PriceContract | undefined {
    return this.#contracts.get(versionId);
  }
}

function keep<T>(map: Map<string, T>, id: string, value: T): void {
  if (map.size >= maxKept) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(id, value);
}

function ratioOf(body: unknown): bigint {
  if (typeof body === 'object' && body !== null && 'ratioPpm' in body) return BigInt(String(body.ratioPpm));
  throw new Error('a stored contract has no ratio');
}
