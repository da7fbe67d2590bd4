import type { Price } from '../../../domain/rating/price.ts';
import { rate } from '../../../domain/rating/rating.ts';
import type { Usage, UsageBucket } from '../../../domain/rating/usage.ts';
import { ownText } from './dimension.ts';
import type { Nanos } from './nanos-sum.ts';
import { contextOf } from './row-rater.ts';
import type { UsageCell } from './usage-cells.ts';

/** Prefixes shorter than this are cached by nobody. */
const leastPrefix = 1024;
/** How long a cached prefix lives without being read again. */
const cacheLifeMs = 5 * 60_000;
const maxConversations = 200_000;

/** The latest turn of each conversation on one model, in a place that the next turn takes over. */
export type Turns = Map<string, { latest: Turn }>;

/** One turn of a conversation, kept until its neighbour comes; never the words, which must not stay in memory. */
export interface Turn {
  readonly startedAtMs: number;
  readonly usage: Usage;
  readonly batch: boolean | undefined;
  readonly region: string | undefined;
  readonly inputUnits: number;
  readonly price: Price;
  readonly costNanos: Nanos;
  /** Where the usage of the row was summed. */
  readonly cell: UsageCell;
  /** Told of the units that a cache would have read instead. */
  readonly savings: CacheSavings;
}

/** Takes what a prompt cache would have saved. */
export interface CacheSavings {
  save(cell: UsageCell, moves: readonly CacheMove[], savedNanos: bigint): void;
}

/** Units that would have gone to another bucket with a prompt cache in place. */
export interface CacheMove {
  readonly from: UsageBucket;
  readonly bucket: UsageBucket;
  readonly units: number;
}

/**
 * Finds prefixes that a prompt cache could have read: two turns of one conversation on one model within five minutes
 * share at most the shorter one's input. That is an upper bound, since the log does not hold the words. Works for logs
 * in either order of time.
 */
export class Conversations {
  #count = 0;

  add(turns: Turns, session: string, turn: Turn): void {
    const place = turns.get(session);
    if (!place) return this.#open(turns, session, turn);
    const before = place.latest;
    place.latest = turn;
    if (Math.abs(before.startedAtMs - turn.startedAtMs) > cacheLifeMs) return;
    const later = before.startedAtMs <= turn.startedAtMs ? turn : before;
    saveOn(later, Math.min(before.inputUnits, turn.inputUnits));
  }

  /** The oldest conversation makes room for a new one: it is the likeliest to be over. */
  #open(turns: Turns, session: string, turn: Turn): void {
    turns.set(ownText(session), { latest: turn });
    this.#count++;
    if (this.#count <= maxConversations) return;
    const [oldest] = turns.keys();
    if (oldest !== undefined) turns.delete(oldest);
    this.#count--;
  }
}

function saveOn(turn: Turn, sharedUnits: number): void {
  const { usage, price, cell, savings } = turn;
  if (sharedUnits < leastPrefix || price.picosPerUnit.cacheRead === undefined) return;
  const { buckets } = usage;
  const [fresh, already] = [buckets.input ?? 0, buckets.cacheRead ?? 0];
  const movable = Math.min(fresh, sharedUnits - already);
  if (movable < leastPrefix) return;
  // Hosts that bill writes would write the rest, so that the next turn can read it.
  const written = price.picosPerUnit.cacheWrite5m === undefined ? 0 : fresh - movable;
  const cached = {
    ...usage,
    buckets: {
      ...buckets,
      input: fresh - movable - written,
      cacheRead: already + movable,
      ...(written > 0 && { cacheWrite5m: (buckets.cacheWrite5m ?? 0) + written }),
    },
  };
  const { costNanos: cachedNanos } = rate(cached, price, contextOf(turn));
  const costNanos = BigInt(turn.costNanos);
  if (cachedNanos === null || cachedNanos >= costNanos) return;
  const moves: CacheMove[] = [{ from: 'input', bucket: 'cacheRead', units: movable }];
  if (written > 0) moves.push({ from: 'input', bucket: 'cacheWrite5m', units: written });
  savings.save(cell, moves, costNanos - cachedNanos);
}
