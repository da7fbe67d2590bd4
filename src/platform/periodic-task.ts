/** Work that is done again and again. */
export interface PeriodicWork {
  /** From the end of one turn to the begin of the next. */
  readonly everyMs: number;
  /** One turn. */
  turn(): Promise<void>;
  /** A turn failed; the next one comes all the same. */
  failed(error: unknown): void;
}

const nudgeMs = 100;
const nudgedTurns = 20;

/** Does the same work again and again, one turn at a time, without keeping the process alive. */
export class PeriodicTask {
  readonly #work: PeriodicWork;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStarted = false;
  #nudgesLeft = 0;

  constructor(work: PeriodicWork) {
    this.#work = work;
  }

  /** From now on; the first turn comes after the interval. */
  start(): void {
    this.#isStarted = true;
    this.#schedule();
  }

  /** A turn now; one that is under way is joined. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#schedule();
    });
    return this.#running;
  }

  /** There is something to do: it is looked for often for a while, since its transaction may not be committed yet. */
  nudge(): void {
    const isQuiet = this.#nudgesLeft === 0;
    this.#nudgesLeft = nudgedTurns;
    // A task that is nudged all the time must come to its turn.
    if (isQuiet) this.#schedule();
  }

  /** No turn is begun any more; resolves when the one that is under way has ended. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    if (this.#nudgesLeft > 0) this.#nudgesLeft -= 1;
    try {
      await this.#work.turn();
    } catch (error) {
      this.#work.failed(error);
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (!this.#isStarted || this.#running) return;
    this.#timer = setTimeout(() => void this.run(), this.#nudgesLeft > 0 ? nudgeMs : this.#work.everyMs);
    this.#timer.unref();
  }
}
