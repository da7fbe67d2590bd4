import type { Clock } from '../../platform/clock.ts';
import type { Observation } from '../price-book/observation.ts';
import type { CatalogFormat } from './contract.ts';
import { fetchCatalog, type FetchedCatalog } from './fetch-catalog.ts';
import { observeCatalog } from './observe-catalog.ts';

/** A catalog that is asked again and again. */
export interface PolledSource {
  readonly url: string;
  readonly format?: CatalogFormat | undefined;
  /** Host of a file that holds only one. */
  readonly provider?: string | undefined;
}

/** How a source fared, for operators. */
export interface PollState {
  readonly url: string;
  readonly lastGoodAtMs: number | undefined;
  readonly endpoints: number;
  /** Why the last poll failed; undefined when it did not. */
  readonly problem: string | undefined;
}

/** What a poll depends on. */
export interface PollDependencies {
  readonly clock: Clock;
  /** Takes in what a catalog says, in order of time. */
  ingest(observations: readonly Observation[]): Promise<unknown>;
  failed(url: string, problem: string): void;
  /** Ends a poll where it is; what it would have said is no failure then. */
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: (url: string, options: Parameters<typeof fetchCatalog>[1]) => Promise<FetchedCatalog>;
}

interface Remembered {
  readonly etag: string | undefined;
  readonly source: string;
  readonly endpointIds: ReadonlySet<string>;
  readonly atMs: number;
}

/** A catalog that lost more than half of its rows is broken rather than emptied. */
const smallestShare = 0.5;

/**
 * Asks catalogs for their prices, one after the other. What cannot be fetched, read or believed leaves
 * the last good state in place. An endpoint that a catalog no longer carries is told as removed.
 */
export class CatalogPoll {
  readonly #sources: readonly PolledSource[];
  readonly #dependencies: PollDependencies;
  readonly #good = new Map<string, Remembered>();
  readonly #problems = new Map<string, string>();

  constructor(sources: readonly PolledSource[], dependencies: PollDependencies) {
    this.#sources = sources;
    this.#dependencies = dependencies;
  }

  /** Polls every source. */
  async refresh(): Promise<void> {
    for (const source of this.#sources) {
      if (this.#isEnded()) return;
      const problem = await this.#poll(source).catch((error: unknown) =>
        error instanceof Error ? error.message : String(error),
      );
      if (this.#isEnded()) return;
      if (problem === undefined) this.#problems.delete(source.url);
      else {
        this.#problems.set(source.url, problem);
        this.#dependencies.failed(source.url, problem);
      }
    }
  }

  state(): readonly PollState[] {
    return this.#sources.map(({ url }) => {
      const good = this.#good.get(url);
      const problem = this.#problems.get(url);
      return { url, lastGoodAtMs: good?.atMs, endpoints: good?.endpointIds.size ?? 0, problem };
    });
  }

  #isEnded(): boolean {
    return this.#dependencies.signal?.aborted === true;
  }

  /** Undefined when all is well, else what is wrong. */
  async #poll({ url, format, provider }: PolledSource): Promise<string | undefined> {
    const { clock, ingest, signal, fetch = fetchCatalog } = this.#dependencies;
    const good = this.#good.get(url);
    const fetched = await fetch(url, {
      ...(good?.etag !== undefined && { etag: good.etag }),
      ...(format !== undefined && { format }),
      ...(provider !== undefined && { provider }),
      ...(signal && { signal }),
    });
    // Half of an import must not be remembered as the state of the catalog.
    if (this.#isEnded()) return undefined;
    if (fetched.status === 'failed') return fetched.problem;
    const atMs = clock.nowMs();
    if (fetched.status === 'unchanged') {
      if (good) this.#good.set(url, { ...good, atMs });
      return undefined;
    }
    const { catalog, etag, sourceHash } = fetched;
    const observations = observeCatalog(catalog, { atMs, sourceHash });
    const endpointIds = new Set(observations.flatMap((one) => (one.kind === 'quote' ? [one.endpointId] : [])));
    if (endpointIds.size === 0) return 'the catalog prices no host that can be called';
    if (good && endpointIds.size < good.endpointIds.size * smallestShare) {
      return `the catalog shrank from ${good.endpointIds.size} to ${endpointIds.size} prices`;
    }
    const source = catalog.format;
    const gone = [...(good?.endpointIds ?? [])].filter((endpointId) => !endpointIds.has(endpointId));
    const removals = gone.map((endpointId): Observation => ({ kind: 'removed', source, endpointId, atMs, sourceHash }));
    await ingest([...observations, ...removals]);
    if (this.#isEnded()) return undefined;
    this.#good.set(url, { etag, source, endpointIds, atMs });
    return undefined;
  }
}
