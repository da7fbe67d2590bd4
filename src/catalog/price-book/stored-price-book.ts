import type { PriceTerms } from '../../domain/price.ts';
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
    return this.#inTurn(() => this.#read());
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
      await this.#read();
      const book = this.#book;
      try {
        const touched = act(book);
        await this.#save(book, touched);
        return touched.events;
      } catch (error) {
        // Memory is ahead of the database now: begin again from what is stored.
        this.#book = new PriceBook(this.#policy);
        this.#revision = 0n;
        await this.#read();
        throw error;
      }
    });
  }

  async #save(book: PriceBook, { events, endpointIds, aliasIds }: Touched): Promise<void> {
    const endpoints = [...new Set(endpointIds)].flatMap((endpointId) => {
      const memory = book.memoryOf(endpointId);
      return memory ? [{ endpointId, memory, state: book.view(endpointId)?.state.kind ?? 'unknown' }] : [];
    });
    const touchedAliases = new Set(aliasIds);
    const aliases =
      touchedAliases.size === 0 ? [] : book.aliasMemory().filter(({ aliasId }) => touchedAliases.has(aliasId));
    if (endpoints.length === 0 && aliases.length === 0) return;
    const versionsOf = (endpointId: string): readonly PriceVersion[] => book.view(endpointId)?.versions ?? [];
    await this.store.save({ events, endpoints, aliases, versionsOf });
    await this.#database.notify(pricesChannel, '');
  }

  async #read(): Promise<void> {
    const stored = await this.store.load(this.#revision);
    this.#book.recall(stored.endpoints, stored.aliases);
    this.#revision = stored.revision;
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
