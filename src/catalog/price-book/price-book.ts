import type { PriceTerms } from '../../domain/rating/price.ts';
import { AliasBoard, type AliasMemory, type AliasSpan } from './alias-board.ts';
import type { BookEvent } from './book-event.ts';
import { type BookPolicy, defaultBookPolicy, type EndpointState } from './book-policy.ts';
import { EndpointBook, type EndpointMemory } from './endpoint-book.ts';
import type { Observation } from './observation.ts';
import type { PriceVersion } from './price-version.ts';
import type { Quote } from './quote.ts';

/** One endpoint of a stored book. */
export interface StoredEndpoint {
  readonly endpointId: string;
  readonly versions: readonly PriceVersion[];
  readonly memory: EndpointMemory;
}

/** What is shown of one endpoint: its price through time and what each catalog says now. */
export interface EndpointView {
  readonly endpointId: string;
  readonly state: EndpointState;
  readonly versions: readonly PriceVersion[];
  readonly quotes: readonly Quote[];
}

/** Endpoints a book takes; further ones are refused and counted. */
const maxEndpoints = 100_000;

/**
 * Every price through time. A function of the sequence of observations: no clock, no database, so that a recorded
 * history can be replayed and a request of any day be rated at the price of its day.
 */
export class PriceBook {
  readonly #policy: BookPolicy;
  readonly #endpoints = new Map<string, EndpointBook>();
  readonly #aliases = new AliasBoard();
  #refused = 0;

  constructor(policy: Partial<BookPolicy> = {}) {
    this.#policy = { ...defaultBookPolicy, ...policy };
  }

  /** Endpoints that were refused because the book is full. */
  get refused(): number {
    return this.#refused;
  }

  get size(): number {
    return this.#endpoints.size;
  }

  /** Takes in one observation and says what it changed. */
  observe(observation: Observation): BookEvent[] {
    if (observation.kind === 'alias') return this.#aliases.observe(observation);
    return this.#endpointOf(observation.endpointId)?.observe(observation) ?? [];
  }

  /** Lets time pass, for every endpoint or for one. */
  advance(nowMs: number, endpointId?: string): BookEvent[] {
    if (endpointId !== undefined) return this.#endpoints.get(endpointId)?.advance(nowMs) ?? [];
    const events: BookEvent[] = [];
    for (const endpoint of this.#endpoints.values()) for (const event of endpoint.advance(nowMs)) events.push(event);
    return events;
  }

  /** A person sets a price, which no catalog changes any more. */
  setManual(endpointId: string, terms: PriceTerms, { atMs, by }: { atMs: number; by: string }): BookEvent[] {
    return this.#endpointOf(endpointId)?.setManual(terms, atMs, by) ?? [];
  }

  /** Lets catalogs decide again. */
  releaseManual(endpointId: string, atMs: number): BookEvent[] {
    return this.#endpoints.get(endpointId)?.releaseManual(atMs) ?? [];
  }

  /** A person accepts what one catalog says; undefined when it says nothing of the endpoint. */
  confirm(endpointId: string, source: string, { atMs, by }: { atMs: number; by: string }): BookEvent[] | undefined {
    return this.#endpoints.get(endpointId)?.confirm(source, atMs, by);
  }

  /**
   * The version that rates a request that starts at this instant. A name without a price of its own may be an alias:
   * then what it stood for at that instant decides.
   */
  priceAt(endpointId: string, atMs: number): PriceVersion | undefined {
    const own = this.#endpoints.get(endpointId)?.versionAt(atMs);
    if (own) return own;
    const standsFor = this.#aliases.resolve(endpointId, atMs);
    return standsFor === undefined ? undefined : this.#endpoints.get(standsFor)?.versionAt(atMs);
  }

  /** What an alias stood for, oldest first. */
  aliasHistory(aliasId: string): readonly AliasSpan[] {
    return this.#aliases.spansOf(aliasId);
  }

  /** What one catalog says of an endpoint now. */
  quoteOf(endpointId: string, source: string): Quote | undefined {
    return this.#endpoints.get(endpointId)?.quoteOf(source);
  }

  /** Everything known of an endpoint; undefined when no catalog ever named it. */
  view(endpointId: string): EndpointView | undefined {
    const endpoint = this.#endpoints.get(endpointId);
    return endpoint && { endpointId, state: endpoint.state(), versions: endpoint.versions, quotes: endpoint.quotes };
  }

  endpointIds(): IterableIterator<string> {
    return this.#endpoints.keys();
  }

  /** An endpoint as it is stored. */
  memoryOf(endpointId: string): EndpointMemory | undefined {
    return this.#endpoints.get(endpointId)?.memory();
  }

  aliasMemory(): AliasMemory[] {
    return this.#aliases.memory();
  }

  /** Takes over what was stored, in place of what it knew of these endpoints and aliases. */
  recall(endpoints: Iterable<StoredEndpoint>, aliases: Iterable<AliasMemory>): void {
    for (const { endpointId, versions, memory } of endpoints) {
      const endpoint = new EndpointBook(endpointId, this.#policy);
      endpoint.recall(versions, memory);
      this.#endpoints.set(endpointId, endpoint);
    }
    for (const alias of aliases) this.#aliases.recall(alias);
  }

  #endpointOf(endpointId: string): EndpointBook | undefined {
    const known = this.#endpoints.get(endpointId);
    if (known) return known;
    if (this.#endpoints.size >= maxEndpoints) {
      this.#refused++;
      return undefined;
    }
    const endpoint = new EndpointBook(endpointId, this.#policy);
    this.#endpoints.set(endpointId, endpoint);
    return endpoint;
  }
}
