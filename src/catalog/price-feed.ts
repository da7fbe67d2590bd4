import type { Config } from '../config/index.ts';
import type { Clock } from '../platform/clock.ts';
import { PeriodicTask } from '../platform/periodic-task.ts';
import type { CatalogFacts } from './facts/catalog-facts.ts';
import { shippedObservations } from './facts/shipped-observations.ts';
import { CatalogPoll, type PollState } from './importers/catalog-poll.ts';
import type { BookEvent, EndpointView, Observation } from './price-book/index.ts';

/** The price book as it is fed: the stored one in the product. */
export interface FedBook {
  view(endpointId: string): EndpointView | undefined;
  ingest(observations: readonly Observation[]): Promise<readonly BookEvent[]>;
  advance(nowMs: number): Promise<readonly BookEvent[]>;
}

/** What feeds a price book depends on. */
export interface PriceFeedDependencies {
  readonly book: FedBook;
  readonly facts: CatalogFacts;
  readonly catalog: Config['catalog'];
  readonly clock: Clock;
  /** Runs work in one process of many; absent: this is the only one. */
  readonly asLeader?: (work: () => Promise<void>) => Promise<unknown>;
  /** Is told what changed: versions, alerts, aliases. */
  changed(events: readonly BookEvent[]): void;
  failed(source: string, problem: string): void;
}

const advanceEveryMs = 3_600_000;
const hourMs = 3_600_000;
/** Observations that are stored at once; a close waits for no more than these. */
const pieceSize = 250;

/**
 * Feeds a price book: with the shipped catalog where the book knows nothing yet, with the catalogs that are polled, and
 * with time, so that what lasted is told. A failure is told and tried again at the next turn.
 */
export class PriceFeed {
  readonly #dependencies: PriceFeedDependencies;
  readonly #poll: CatalogPoll;
  readonly #task: PeriodicTask;
  #nextPollMs = Number.NEGATIVE_INFINITY;
  #isSeeded = false;
  readonly #closing = new AbortController();

  constructor(dependencies: PriceFeedDependencies) {
    this.#dependencies = dependencies;
    const { catalog, clock, failed } = dependencies;
    this.#poll = new CatalogPoll(catalog.sources, {
      clock,
      failed,
      ingest: (observations) => this.#ingest(observations),
      signal: this.#closing.signal,
    });
    this.#task = new PeriodicTask({
      everyMs: advanceEveryMs,
      turn: () => this.#lead(),
      failed: (error) => failed('price book', error instanceof Error ? error.message : String(error)),
    });
  }

  /** Takes a turn now, and then each hour. */
  start(): void {
    this.#task.start();
    void this.turn();
  }

  /** One turn: what is missing is taken from the shipped catalog, due polls are made, and time passes. */
  turn(): Promise<void> {
    return this.#task.run();
  }

  pollStates(): readonly PollState[] {
    return this.#poll.state();
  }

  /** Ends a fetch at once, and an import after the piece that is being stored: the rest is taken at the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#task.stop();
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  async #lead(): Promise<void> {
    const { asLeader = (work: () => Promise<void>) => work() } = this.#dependencies;
    await asLeader(() => this.#work());
  }

  async #work(): Promise<void> {
    const { book, catalog, clock, changed } = this.#dependencies;
    if (!this.#isSeeded) await this.#seed();
    const nowMs = clock.nowMs();
    if (nowMs >= this.#nextPollMs && !this.#isClosing()) {
      await this.#poll.refresh();
      this.#nextPollMs = nowMs + catalog.refreshHours * hourMs;
    }
    if (!this.#isClosing()) changed(await book.advance(nowMs));
  }

  /** What is shipped is older than what was polled: only endpoints that nobody named yet are taken from it. */
  async #seed(): Promise<void> {
    const { book, facts } = this.#dependencies;
    const missing = shippedObservations(facts).filter((observation) => {
      return book.view(observation.kind === 'alias' ? observation.aliasId : observation.endpointId) === undefined;
    });
    if (missing.length > 0) await this.#ingest(missing);
    this.#isSeeded = !this.#isClosing();
  }

  async #ingest(observations: readonly Observation[]): Promise<void> {
    for (let start = 0; start < observations.length && !this.#isClosing(); start += pieceSize) {
      this.#dependencies.changed(await this.#dependencies.book.ingest(observations.slice(start, start + pieceSize)));
    }
  }
}
