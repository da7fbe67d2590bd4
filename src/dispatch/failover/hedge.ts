import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { Clock } from '../../platform/clock.ts';
import { RetryBudget } from '../../signals/index.ts';
import type { Signals } from '../../signals/index.ts';

const minDelayMs = 50;

/** Decides when a second host is asked while the first is still silent. */
export class Hedging {
  readonly #budget: RetryBudget;
  readonly #clock: Clock;

  /** At most this share of streams is hedged. */
  constructor(clock: Clock, share = 0.02) {
    this.#clock = clock;
    this.#budget = new RetryBudget(share, 1);
  }

  /**
   * How long to wait before hedging: the first endpoint's own p95 time to first token. Undefined when it is unknown
   * or no other host is ready.
   */
  plan(
    first: Endpoint,
    candidates: readonly Endpoint[],
    signals: Signals,
  ): { endpoint: Endpoint; delayMs: number } | undefined {
    this.#budget.noteAttempt(this.#clock.monotonicMs());
    const p95Ms = signals.of(first.id).speed().firstTokenP95Ms;
    if (p95Ms === undefined) return undefined;
    const other = candidates.find(
      ({ id, host }) => host.id !== first.host.id && signals.of(id).availability().state === 'ready',
    );
    return other && { endpoint: other, delayMs: Math.max(p95Ms, minDelayMs) };
  }

  /** Takes one hedge from the budget, at the moment it would start. */
  take(): boolean {
    return this.#budget.takeExtra(this.#clock.monotonicMs());
  }
}
