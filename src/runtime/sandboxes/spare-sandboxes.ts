import type { Clock } from '../../platform/clock.ts';
import type { Driver, Sandbox } from '../contract.ts';
import { type Bounds, sandboxSpec } from './sandbox-spec.ts';
import type { SandboxStore } from './sandbox-store.ts';

/** A sandbox in which nothing was done yet, on a disk of its own that waits for its name. */
export interface SpareSandbox {
  readonly diskName: string;
  readonly sandbox: Sandbox;
}

/** How many wait: as many as were asked for lately, within these bounds. */
export interface SpareCount {
  readonly least: number;
  readonly most: number;
}

/** What spares are made with. */
export interface SpareDeps {
  readonly driver: Driver;
  readonly store: SandboxStore;
  readonly bounds: () => Bounds;
  readonly clock: Clock;
  readonly count: SpareCount;
  newId(prefix: string): string;
}

interface Waiting extends SpareSandbox {
  readonly shape: string;
}

/** What was asked for within this time may be asked for again. */
const recentMs = 30_000;

/**
 * Keeps a few sandboxes ready, so that one is there at once. Each is used by one guest and once; the first are made when
 * the first sandbox was asked for, so that a product without any keeps none.
 */
export class SpareSandboxes {
  readonly #deps: SpareDeps;
  readonly #waiting: Waiting[] = [];
  /** When the last ones were asked for; no more than may wait. */
  #askedAtMs: number[] = [];
  #making: Promise<void> | undefined;
  #isClosed = false;

  constructor(deps: SpareDeps) {
    this.#deps = deps;
  }

  /** One that has the bounds of now, if there is one. */
  take(): SpareSandbox | undefined {
    const { clock, count } = this.#deps;
    this.#askedAtMs = [...this.#askedAtMs, clock.monotonicMs()].slice(-Math.max(1, count.most));
    const shape = this.#shape();
    const at = this.#waiting.findIndex((one) => one.shape === shape && one.sandbox.alive);
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
  }

  /** Makes what is missing, beside the work. */
  refill(): void {
    if (this.#isClosed || this.#making) return;
    // Whoever asks next makes it itself and hears why it cannot be made.
    this.#making = this.#fill()
      .catch(() => undefined)
      .finally(() => {
        this.#making = undefined;
      });
  }

  /** Ends those that a burst left, once it is over. */
  shrink(): void {
    if (this.#waiting.length > this.#wanted()) this.refill();
  }

  /** Ends all, with their disks. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#making;
    await Promise.all(this.#waiting.splice(0).map((one) => this.end(one)));
  }

  /** Ends one that is of no use, with its disk. */
  async end({ diskName, sandbox }: SpareSandbox): Promise<void> {
    await sandbox.destroy();
    await this.#deps.store.remove(diskName);
  }

  async #fill(): Promise<void> {
    const { driver, store, bounds, newId } = this.#deps;
    const shape = this.#shape();
    const usable = this.#waiting.filter((one) => one.shape === shape && one.sandbox.alive).slice(0, this.#wanted());
    const useless = this.#waiting.filter((one) => !usable.includes(one));
    for (const one of useless) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      await this.end(one);
    }
    while (this.#waiting.length < this.#wanted() && !this.#isClosed) {
      const diskName = newId('spare');
      await store.makeDisk(diskName);
      try {
        const sandbox = await driver.create(sandboxSpec(store.diskOf(diskName), bounds()));
        this.#waiting.push({ diskName, sandbox, shape });
      } catch (error) {
        await store.remove(diskName);
        throw error;
      }
    }
  }

  #wanted(): number {
    const { clock, count } = this.#deps;
    const sinceMs = clock.monotonicMs() - recentMs;
    const recent = this.#askedAtMs.filter((atMs) => atMs > sinceMs).length;
    return Math.min(count.most, Math.max(count.least, recent));
  }

  #shape(): string {
    return JSON.stringify(this.#deps.bounds());
  }
}
