import type { Clock } from '../../platform/clock.ts';

interface Misses {
  readonly sinceMs: number;
  count: number;
}

const windowMs = 10_000;
const mostMisses = 200;
/** Beyond so many the oldest is forgotten. */
const mostAddresses = 1000;

/** Counts wrong signatures, each of which cost a look at every sandbox, by the address that they came from. */
export class MissCount {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, Misses>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether whoever is at this address has to wait. */
  isFull(address: string): boolean {
    return (this.#current(address)?.count ?? 0) >= mostMisses;
  }

  add(address: string): void {
    const misses = this.#current(address);
    if (misses) misses.count += 1;
    else {
      this.#byAddress.delete(address);
      this.#byAddress.set(address, { sinceMs: this.#clock.monotonicMs(), count: 1 });
      const [oldest] = this.#byAddress.keys();
      if (this.#byAddress.size > mostAddresses && oldest !== undefined) this.#byAddress.delete(oldest);
    }
  }

  #current(address: string): Misses | undefined {
    const misses = this.#byAddress.get(address);
    return misses && this.#clock.monotonicMs() - misses.sinceMs < windowMs ? misses : undefined;
  }
}
