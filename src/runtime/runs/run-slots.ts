import { Fault } from '../../domain/faults/fault.ts';

/** How many runs go on at once, and how many may wait for their turn. */
export class RunSlots {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Resolves when it is one's turn; call what it gives to make room. Throws `shedding` when too many wait, and
   * `client_gone` when the signal comes first.
   */
  async take(signal?: AbortSignal): Promise<() => void> {
    if (this.#taken < this.#most) this.#taken += 1;
    else {
      if (this.#waiting.length >= this.#mostWaiting) {
        throw new Fault('shedding', { message: 'Too many runs are waiting; try again shortly.', retryAfterMs: 1000 });
      }
      await this.#turn(signal);
    }
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#taken -= 1;
    };
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(new Fault('client_gone', { message: 'Whoever asked has left.' }));
      };
      const turn = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.push(turn);
      signal?.addEventListener('abort', leave, { once: true });
      if (signal?.aborted === true) leave();
    });
  }
}
