import type { LiveSandbox } from './live-sandbox.ts';

/** What looking after sandboxes needs. */
export interface SandboxPatrolDeps {
  all(): Iterable<LiveSandbox>;
  /** Whether the limits of who pays are used up. */
  isRefused(id: string): boolean;
  pause(live: LiveSandbox): Promise<unknown>;
  troubled(error: unknown): void;
}

/** Disks that are looked through at once. */
const mostLooks = 4;
/** After so long one that does not come to its end makes way for the next. */
const patienceMs = 60_000;

/**
 * Looks after every sandbox that is up, whatever runs in it: what it uses, what its disk holds, and whether somebody
 * still pays. Each is looked after by itself, so that one that takes long or fails holds back no other.
 */
export class SandboxPatrol {
  readonly #deps: SandboxPatrolDeps;
  readonly #looking = new Set<LiveSandbox>();
  readonly #pausing = new Set<LiveSandbox>();
  readonly #waiting = new Set<LiveSandbox>();
  readonly #walks = new Set<Promise<void>>();
  #lanes = 0;
  #isClosed = false;

  constructor(deps: SandboxPatrolDeps) {
    this.#deps = deps;
  }

  /** Begins a round, and goes on with what an earlier one did not come to. */
  round(): void {
    if (this.#isClosed) return;
    for (const live of this.#deps.all()) {
      if (!live.isUp) continue;
      // Does not wait for its turn to be looked at: from now on nobody pays for it.
      if (this.#deps.isRefused(live.record.id)) this.#pause(live);
      else if (!this.#looking.has(live)) this.#waiting.add(live);
    }
    while (this.#lanes < mostLooks && this.#waiting.size > 0) this.#next();
  }

  /** Resolves when nothing is looked at any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.clear();
    await Promise.all(this.#walks);
  }

  #pause(live: LiveSandbox): void {
    if (this.#pausing.has(live)) return;
    this.#pausing.add(live);
    this.#guard(this.#deps.pause(live).finally(() => this.#pausing.delete(live)));
  }

  #next(): void {
    const [live] = this.#waiting;
    if (!live || this.#lanes >= mostLooks) return;
    this.#waiting.delete(live);
    this.#looking.add(live);
    this.#lanes += 1;
    const makeWay = once(() => {
      this.#lanes -= 1;
      this.#next();
    });
    const timer = setTimeout(makeWay, patienceMs);
    timer.unref();
    const looked = (): void => {
      clearTimeout(timer);
      this.#looking.delete(live);
      makeWay();
    };
    this.#guard(this.#look(live).finally(looked));
  }

  async #look(live: LiveSandbox): Promise<void> {
    if (!live.isUp || live.isEnded) return;
    await live.sample();
    await live.checkDisk();
  }

  #guard(work: Promise<unknown>): void {
    const walk: Promise<void> = work
      .then(
        () => undefined,
        (error: unknown) => this.#deps.troubled(error),
      )
      .finally(() => this.#walks.delete(walk));
    this.#walks.add(walk);
  }
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
