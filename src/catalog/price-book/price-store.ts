import { type Kysely, sql } from 'kysely';
import type { Database, Tables } from '../../storage/index.ts';
import type { AliasMemory } from './alias-board.ts';
import type { BookEvent } from './book-event.ts';
import type { EndpointMemory } from './endpoint-book.ts';
import { decodeAlias, decodeMemory, encodeMemory } from './memory-codec.ts';
import type { StoredEndpoint } from './price-book.ts';
import { alertOf, alertRowOf, type StoredAlert, versionOf, versionRowOf } from './price-rows.ts';
import type { PriceVersion } from './price-version.ts';

/** What changed in the price book and is to be kept. */
export interface BookChanges {
  readonly events: readonly BookEvent[];
  readonly endpoints: readonly {
    readonly endpointId: string;
    readonly state: string;
    readonly memory: EndpointMemory;
  }[];
  readonly aliases: readonly AliasMemory[];
  /** Versions an endpoint has in all, for the order of those that are new. */
  versionsOf(endpointId: string): readonly PriceVersion[];
}

/** What was stored since a revision. */
export interface StoredBook {
  readonly endpoints: readonly StoredEndpoint[];
  readonly aliases: readonly AliasMemory[];
  readonly revision: bigint;
}

/** Rows of one statement; more are sent in several. */
const chunkSize = 500;
/** One writer at a time: revisions then become visible in their order, and none is missed by who reads after one. */
const writerLock = 7_302_101_990;

/** Keeps the price book in the database: versions and alerts for good, what catalogs say as it is now. */
export class PriceStore {
  readonly #database: Pick<Database, 'db'>;

  constructor(database: Pick<Database, 'db'>) {
    this.#database = database;
  }

  /** Makes other writers wait until the caller's transaction ends; outside of one it does nothing. */
  async lock(): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(${writerLock})`.execute(this.#database.db);
  }

  /** Runs a change as the only writer, all or none of it: nobody stores anything between what it reads and what it stores. */
  async change<Result>(work: (store: PriceStore) => Promise<Result>): Promise<Result> {
    return this.#database.db.transaction().execute(async (transaction) => {
      const store = new PriceStore({ db: transaction });
      await store.lock();
      return work(store);
    });
  }

  /** Stores changes; within `change`. Storing the same twice stores it once. */
  async save(changes: BookChanges): Promise<void> {
    const { db } = this.#database;
    for (const event of changes.events) if (event.type === 'version_closed') await closeVersion(db, event.version);
    const opened = changes.events.flatMap((event) => (event.type === 'version_opened' ? [event.version] : []));
    await insertVersions(db, opened, changes);
    await storeAlerts(db, changes.events);
    await storeMemories(db, changes);
  }

  /** Everything stored after a revision; from 0 everything there is. */
  async load(sinceRevision = 0n): Promise<StoredBook> {
    const { db } = this.#database;
    const rows = await db.selectFrom('price_endpoint').selectAll().where('revision', '>', sinceRevision).execute();
    const aliasRows = await db.selectFrom('price_alias').selectAll().where('revision', '>', sinceRevision).execute();
    const versions = await this.#versionsOf(rows.map(({ endpoint_id }) => endpoint_id));
    const endpoints = rows.map(({ endpoint_id, memory }) => {
      return { endpointId: endpoint_id, versions: versions.get(endpoint_id) ?? [], memory: decodeMemory(memory) };
    });
    const revision = [...rows, ...aliasRows].reduce(
      (most, row) => (row.revision > most ? row.revision : most),
      sinceRevision,
    );
    return { endpoints, aliases: aliasRows.map(({ memory }) => decodeAlias(memory)), revision };
  }

  /** A version by its id, whichever endpoint it belongs to. */
  async findVersions(ids: readonly string[]): Promise<readonly PriceVersion[]> {
    if (ids.length === 0) return [];
    const rows = await this.#database.db
      .selectFrom('price_version')
      .selectAll()
      .where('id', 'in', [...ids])
      .execute();
    return rows.map(versionOf);
  }

  /** Alerts, newest first; after an alert for the next page. */
  async listAlerts(page: {
    limit: number;
    before?: { raisedAtMs: number; id: string };
  }): Promise<readonly StoredAlert[]> {
    let query = this.#database.db.selectFrom('price_alert').selectAll();
    const { before } = page;
    if (before) {
      query = query.where((expression) =>
        expression(
          expression.refTuple('raised_at_ms', 'id'),
          '<',
          expression.tuple(BigInt(before.raisedAtMs), before.id),
        ),
      );
    }
    const rows = await query.orderBy('raised_at_ms', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
    return rows.map(alertOf);
  }

  /** Somebody has seen to an alert; false when it is unknown or was seen to before. */
  async acknowledge(id: string, { atMs, by }: { atMs: number; by: string }): Promise<boolean> {
    const result = await this.#database.db
      .updateTable('price_alert')
      .set({ acknowledged_at_ms: BigInt(atMs), acknowledged_by: by })
      .where('id', '=', id)
      .where('acknowledged_at_ms', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async #versionsOf(endpointIds: readonly string[]): Promise<ReadonlyMap<string, PriceVersion[]>> {
    const found = new Map<string, PriceVersion[]>();
    for (let start = 0; start < endpointIds.length; start += chunkSize) {
      const rows = await this.#database.db
        .selectFrom('price_version')
        .selectAll()
        .where('endpoint_id', 'in', endpointIds.slice(start, start + chunkSize))
        .orderBy('endpoint_id')
        .orderBy('position')
        .execute();
      for (const row of rows) {
        const list = found.get(row.endpoint_id) ?? [];
        list.push(versionOf(row));
        found.set(row.endpoint_id, list);
      }
    }
    return found;
  }
}

async function closeVersion(transaction: Kysely<Tables>, version: PriceVersion): Promise<void> {
  if (version.validToMs === undefined) return;
  await transaction
    .updateTable('price_version')
    .set({ valid_to_ms: BigInt(version.validToMs) })
    .where('id', '=', version.id)
    .where('valid_to_ms', 'is', null)
    .execute();
}

/** A version that was opened and closed since the last time is stored closed. */
async function insertVersions(
  transaction: Kysely<Tables>,
  opened: readonly PriceVersion[],
  { versionsOf }: BookChanges,
): Promise<void> {
  const rows = opened.map(({ id, endpointId }) => {
    const all = versionsOf(endpointId);
    const position = all.findIndex((version) => version.id === id);
    const version = all[position];
    if (!version) throw new Error(`the price book lost version ${id}`);
    return { ...versionRowOf(version), position };
  });
  for (let start = 0; start < rows.length; start += chunkSize) {
    await transaction
      .insertInto('price_version')
      .values(rows.slice(start, start + chunkSize))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }
}

async function storeAlerts(transaction: Kysely<Tables>, events: readonly BookEvent[]): Promise<void> {
  for (const event of events) {
    if (event.type === 'alert_raised') {
      await transaction
        .insertInto('price_alert')
        .values(alertRowOf(event.alert))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    } else if (event.type === 'alert_paged') {
      await transaction
        .updateTable('price_alert')
        .set({ severity: 'page', paged_at_ms: BigInt(event.atMs), sources: JSON.stringify(event.sources) })
        .where('id', '=', event.alertId)
        .execute();
    }
  }
}

async function storeMemories(transaction: Kysely<Tables>, { endpoints, aliases }: BookChanges): Promise<void> {
  const revision = sql<bigint>`nextval('price_revision')`;
  const rows = endpoints
    .map(({ endpointId, state, memory }) => ({
      endpoint_id: endpointId,
      state,
      memory: encodeMemory(memory),
      revision,
    }))
    .toSorted((left, right) => (left.endpoint_id < right.endpoint_id ? -1 : 1));
  for (let start = 0; start < rows.length; start += chunkSize) {
    await transaction
      .insertInto('price_endpoint')
      .values(rows.slice(start, start + chunkSize))
      .onConflict((conflict) =>
        conflict.column('endpoint_id').doUpdateSet(({ ref }) => ({
          state: ref('excluded.state'),
          memory: ref('excluded.memory'),
          revision: ref('excluded.revision'),
        })),
      )
      .execute();
  }
  for (const alias of aliases) {
    await transaction
      .insertInto('price_alias')
      .values({ alias_id: alias.aliasId, memory: JSON.stringify(alias), revision })
      .onConflict((conflict) =>
        conflict
          .column('alias_id')
          .doUpdateSet(({ ref }) => ({ memory: ref('excluded.memory'), revision: ref('excluded.revision') })),
      )
      .execute();
  }
}
