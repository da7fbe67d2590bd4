import { bigintAsText } from '../../domain/json/bigint-as-text.ts';
import type { Completion } from '../../domain/calls/completion.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Patience } from '../patience.ts';

/** An answer kept for identical requests. */
export interface CachedAnswer {
  readonly completion: Completion;
  readonly endpoint: Endpoint;
  /** What it cost when it was made; what a hit saves. */
  readonly costNanos: bigint | null;
}

interface Entry {
  readonly answer: CachedAnswer;
  readonly sizeBytes: number;
  readonly expiresMs: number;
}

/** What a request may do with the cache. */
export type CacheTurn =
  | { readonly kind: 'hit'; readonly answer: CachedAnswer }
  /** This request asks the upstream and tells the others; `done` must be called exactly once. */
  | { readonly kind: 'leader'; done(answer: CachedAnswer | undefined): void }
  /** The identical request in flight took longer than this one could wait. */
  | { readonly kind: 'late' };

const entryOverheadBytes = 512;

/** Exact answers, least recently used out first, bounded in bytes; identical requests in flight ask only once. */
export class ResponseCache {
  readonly #clock: Clock;
  readonly #limits: () => { readonly maxBytes: number; readonly ttlSeconds: number };
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Promise<CachedAnswer | undefined>>();
  #sizeBytes = 0;

  constructor(clock: Clock, limits: () => { readonly maxBytes: number; readonly ttlSeconds: number }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Bytes held. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Finds an answer, or waits for the identical request in flight, or makes this one the leader. When a leader ends
   * without an answer (its client left, its upstream failed), the next in line leads.
   */
  async take(key: string, mayRead: boolean, patience: Patience = (work) => work): Promise<CacheTurn> {
    for (;;) {
      const known = mayRead ? this.#read(key) : undefined;
      if (known) return { kind: 'hit', answer: known };
      const flight = mayRead ? this.#flights.get(key) : undefined;
      if (!flight) return this.#lead(key);
      const answer = await patience(flight);
      if (answer === 'late') return { kind: 'late' };
      if (answer) return { kind: 'hit', answer };
    }
  }

  #lead(key: string): CacheTurn {
    let settle: (answer: CachedAnswer | undefined) => void = () => undefined;
    const flight = new Promise<CachedAnswer | undefined>((resolve) => {
      settle = resolve;
    });
    if (!this.#flights.has(key)) this.#flights.set(key, flight);
    return {
      kind: 'leader',
      done: (answer) => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        if (answer) this.#write(key, answer);
        settle(answer);
      },
    };
  }

  #read(key: string): CachedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.expiresMs <= this.#clock.monotonicMs()) {
      this.#sizeBytes -= entry.sizeBytes;
      return undefined;
    }
    // Re-inserted last: the map is ordered by use.
    this.#entries.set(key, entry);
    return entry.answer;
  }

  #write(key: string, answer: CachedAnswer): void {
    const { maxBytes, ttlSeconds } = this.#limits();
    const sizeBytes = entryOverheadBytes + Buffer.byteLength(JSON.stringify(answer.completion, bigintAsText));
    if (sizeBytes > maxBytes / 8) return;
    const old = this.#entries.get(key);
    if (old) this.#drop(key, old);
    this.#entries.set(key, { answer, sizeBytes, expiresMs: this.#clock.monotonicMs() + ttlSeconds * 1000 });
    this.#sizeBytes += sizeBytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#sizeBytes <= maxBytes) break;
      this.#drop(oldest, entry);
    }
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#sizeBytes -= entry.sizeBytes;
  }
}
