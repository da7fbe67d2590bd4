import type { Clock } from '../platform/clock.ts';

interface Seat {
  readonly endpointId: string;
  readonly usedMs: number;
  readonly tokens: number;
}

/**
 * Remembers which endpoint holds the warm prompt cache of a conversation. Bounded; a conversation idle for longer than
 * providers keep caches is forgotten.
 */
export class StickyMap {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #maxSeats: number;
  readonly #seats = new Map<string, Seat>();

  constructor(clock: Clock, idleMs = 600_000, maxSeats = 200_000) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#maxSeats = maxSeats;
  }

  /** Endpoint that answered the conversation last, while its cache may be warm. */
  get(conversation: string): string | undefined {
    return this.seat(conversation)?.endpointId;
  }

  /** The same, with how many tokens of the conversation it has seen. */
  seat(conversation: string): { readonly endpointId: string; readonly tokens: number } | undefined {
    const seat = this.#seats.get(conversation);
    if (!seat) return undefined;
    if (this.#clock.monotonicMs() - seat.usedMs <= this.#idleMs) return seat;
    this.#seats.delete(conversation);
    return undefined;
  }

  set(conversation: string, endpointId: string, tokens = 0): void {
    // Re-inserting keeps the map ordered by last use, so the first entry is the one to drop.
    this.#seats.delete(conversation);
    if (this.#seats.size >= this.#maxSeats) {
      const [oldest] = this.#seats.keys();
      if (oldest !== undefined) this.#seats.delete(oldest);
    }
    this.#seats.set(conversation, { endpointId, tokens, usedMs: this.#clock.monotonicMs() });
  }

  get size(): number {
    return this.#seats.size;
  }
}
