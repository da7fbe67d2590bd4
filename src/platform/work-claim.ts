import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** How long a worker that tells nothing keeps what it has claimed. */
export const claimMs = 60_000;

/** What a claim is kept with. */
export interface WorkClaimDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What is worked on, for the log. */
  readonly id: string;
  /** How often it is said that the work goes on, and asked whether it may. */
  readonly everyMs: number;
  /** Says that the work goes on; false when another has it, or it was stopped. */
  extend(): Promise<boolean>;
}

/** Keeps others from taking up what is worked on, and ends the work once they may have it. */
export class WorkClaim {
  readonly #deps: WorkClaimDeps;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #extendedMs: number;

  constructor(deps: WorkClaimDeps) {
    this.#deps = deps;
    this.#extendedMs = deps.clock.monotonicMs();
    this.#timer = setInterval(() => void this.extend(), deps.everyMs);
    this.#timer.unref();
  }

  /** Aborted when the work is no longer ours. */
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
      logger.warn({ err: error, work: id }, 'a claim could not be extended');
    }
    if (clock.monotonicMs() - this.#extendedMs >= claimMs) this.#lost.abort();
    return !this.signal.aborted;
  }

  release(): void {
    clearInterval(this.#timer);
  }
}
