import type { PriceTerms } from '../../domain/rating/price.ts';
import type { Database } from '../../storage/index.ts';
import type { BookEvent } from './book-event.ts';
import type { BookPolicy } from './book-policy.ts';
import type { Observation } from './observation.ts';
import { type EndpointView, PriceBook } from './price-book.ts';
import { PriceStore } from './price-store.ts';
import type { PriceVersion } from './price-version.ts';
import { type Quote, sameFigures } from './quote.ts';

/** Tells replicas that prices changed. */
export const pricesChannel = 'prices';

/** Observations that are taken in and stored at once. */
const pieceSize = 250;
const dayMs = 86_400_000;

/** Who does something to a price, and when. */
export interface PriceAct {
  readonly atMs: number;
  readonly by: string;
}

/**
 * The price book of the running product: read from memory, kept in the database, one writer at a time. Whatever cannot
 * be stored did not happen: the book is then read again.
 */
export class StoredPriceBook {
  readonly #database: Database;
  readonly #policy: Partial<BookPolicy>;
  readonly store: PriceStore;
  #book: PriceBook;
  #revision = 0n;
  /** A change was made in memory that is not stored. */
  #isAhead = false;
  /** Changes wait for each other, so that each is made on the book the one before has stored. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(database: Database, policy: Partial<BookPolicy> = {}) {
    this.#database = database;
    this.#policy = policy;
    this.store = new PriceStore(database);
    this.#book = new PriceBook(policy);
  }

  /** The version that rates a request that starts then; from memory, at any time. */
  priceAt(endpointId: string, atMs: number): PriceVersion | undefined {
    return this.#book.priceAt(endpointId, atMs);
  }

  view(endpointId: string): EndpointView | undefined {
    return this.#book.view(endpointId);
  }

  endpointIds(): IterableIterator<string> {
    return this.#book.endpointIds();
  }

  /** Reads what other replicas have stored since the last time. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#read(this.store));
  }

  /**
   * Takes in observations, in order of time; answers what they changed. Long lists are stored piece by piece, so that
   * requests are served in between; a price that is only affirmed is stored once a day.
   */
  async ingest(observations: readonly Observation[]): Promise<readonly BookEvent[]> {
    const events: BookEvent[] = [];
    for (let start = 0; start < observations.length; start += pieceSize) {
      const piece = observations.slice(start, start + pieceSize);
      for (const event of await this.#change((book) => observeAll(book, piece))) events.push(event);
    }
    return events;
  }

  /** Lets time pass: what lasted is told and accepted. */
  advance(nowMs: number): Promise<readonly BookEvent[]> {
    return this.#change((book) => {
      const events = book.advance(nowMs);
      return { events, endpointIds: events.map(endpointOfEvent), aliasIds: [] };
    });
  }

  /** A person sets a price, which no catalog changes any more. */
  setManual(endpointId: string, terms: PriceTerms, act: PriceAct): Promise<readonly BookEvent[]> {
    return this.#change((book) => {
      return { events: book.setManual(endpointId, terms, act), endpointIds: [endpointId], aliasIds: [] };
    });
  }

  /** Lets catalogs decide again. */
  releaseManual(endpointId: string, atMs: number): Promise<readonly BookEvent[]> {
    return this.#change((book) => {
      return { events: book.releaseManual(endpointId, atMs), endpointIds: [endpointId], aliasIds: [] };
    });
  }

  /** A person accepts what one catalog says; undefined when it says nothing of the endpoint. */
  async confirm(endpointId: string, source: string, act: PriceAct): Promise<readonly BookEvent[] | undefined> {
    const isQuoted = this.#book.view(endpointId)?.quotes.some((quote) => quote.source === source) ?? false;
    if (!isQuoted) return undefined;
    return this.#change((book) => {
      return { events: book.confirm(endpointId, source, act) ?? [], endpointIds: [endpointId], aliasIds: [] };
    });
  }

  #change(act: (book: PriceBook) => Touched): Promise<readonly BookEvent[]> {
    return this.#inTurn(async () => {
      try {
        const touched = await this.store.change(async (store) => {
          await this.#read(store);
          this.#isAhead = true;
          const made = act(this.#book);
          await this.#save(store, made);
          return made;
        });
        this.#isAhead = false;
        if (touched.endpointIds.length + touched.aliasIds.length > 0) await this.#database.notify(pricesChannel, '');
        return touched.events;
      } catch (error) {
        // Without a database the prices in memory go on rating; they are read anew as soon as there is one.
        if (this.#isAhead) await this.#read(this.store).catch(() => undefined);
        throw error;
      }
    });
  }

  async #save(store: PriceStore, { events, endpointIds, aliasIds }: Touched): Promise<void> {
    const book = this.#book;
    const endpoints = [...new Set(endpointIds)].flatMap((endpointId) => {
      const memory = book.memoryOf(endpointId);
      return memory ? [{ endpointId, memory, state: book.view(endpointId)?.state.kind ?? 'unknown' }] : [];
    });
    const touchedAliases = new Set(aliasIds);
    const aliases =
      touchedAliases.size === 0 ? [] : book.aliasMemory().filter(({ aliasId }) => touchedAliases.has(aliasId));
    if (endpoints.length === 0 && aliases.length === 0) return;
    const versionsOf = (endpointId: string): readonly PriceVersion[] => book.view(endpointId)?.versions ?? [];
    await store.save({ events, endpoints, aliases, versionsOf });
  }

  /** What others have stored since; everything, when memory holds what could not be stored. */
  async #read(store: PriceStore): Promise<void> {
    const book = this.#isAhead ? new PriceBook(this.#policy) : this.#book;
    const stored = await store.load(this.#isAhead ? 0n : this.#revision);
    book.recall(stored.endpoints, stored.aliases);
    this.#book = book;
    this.#revision = stored.revision;
    this.#isAhead = false;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/**
 * A book for one change inside a caller's transaction: made or undone together with all else in it. Other writers wait
 * for its end, so it is for what people do, and not for feeds.
 */
export async function bookInTransaction(database: Database): Promise<StoredPriceBook> {
  const book = new StoredPriceBook(database);
  await book.store.lock();
  await book.refresh();
  return book;
}

function observeAll(book: PriceBook, observations: readonly Observation[]): Touched {
  const events: BookEvent[] = [];
  const endpointIds: string[] = [];
  const aliasIds: string[] = [];
  for (const observation of observations) {
    if (observation.kind === 'alias') {
      const moved = book.observe(observation);
      for (const event of moved) events.push(event);
      aliasIds.push(observation.aliasId);
      continue;
    }
    const { endpointId, source } = observation;
    const before = book.quoteOf(endpointId, source);
    const caused = book.observe(observation);
    for (const event of caused) events.push(event);
    if (caused.length > 0 || isNews(before, book.quoteOf(endpointId, source))) endpointIds.push(endpointId);
  }
  return { events, endpointIds, aliasIds };
}

/** Whether a quote says more than that the price is still what it was earlier the same day. */
function isNews(before: Quote | undefined, after: Quote | undefined): boolean {
  if (!before || !after) return true;
  const isSameDay = Math.floor(before.seenMs / dayMs) === Math.floor(after.seenMs / dayMs);
  return !isSameDay || before.removedAtMs !== after.removedAtMs || !sameFigures(before.flat, after.flat);
}

/** What a change touched. */
interface Touched {
  readonly events: readonly BookEvent[];
  readonly endpointIds: readonly string[];
  readonly aliasIds: readonly string[];
}

function endpointOfEvent(event: BookEvent): string {
  switch (event.type) {
    case 'version_opened':
    case 'version_closed':
      return event.version.endpointId;
    case 'alert_raised':
      return event.alert.endpointId;
    case 'alert_paged':
      return event.endpointId;
    case 'alias_moved':
      return event.aliasId;
  }
}
