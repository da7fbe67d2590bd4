import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';

/** How long a worker that tells nothing keeps a fix. */
export const claimMs = 60_000;

/** What a claim is kept with. */
export interface FixClaimDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The fix. */
  readonly id: string;
  /** Says that the work goes on; false when another has it. */
  extend(): Promise<boolean>;
}

/** Keeps others from taking a fix up while it is worked on, and ends the work once they may have it. */
export class FixClaim {
  readonly #deps: FixClaimDeps;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #extendedMs: number;

  constructor(deps: FixClaimDeps) {
    this.#deps = deps;
    this.#extendedMs = deps.clock.monotonicMs();
    this.#timer = setInterval(() => void this.extend(), claimMs / 4);
    this.#timer.unref();
  }

  /** Aborted when the fix is no longer ours. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether it is still ours; lost once is lost for good. */
  async extend(): Promise<boolean> {
    const { clock, logger, id, extend } = this.#deps;
    const askedMs = clock.monotonicMs();
    try {
      if (await extend()) this.#extendedMs = askedMs;
      else this.#lost.abort();
    } catch (error) {
      logger.warn({ err: error, fix: id }, 'the claim on a fix could not be extended');
    }
    if (clock.monotonicMs() - this.#extendedMs >= claimMs) this.#lost.abort();
    return !this.signal.aborted;
  }

  release(): void {
    clearInterval(this.#timer);
  }
}
