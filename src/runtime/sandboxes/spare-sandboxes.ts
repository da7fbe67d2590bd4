import type { Driver, Sandbox } from '../contract.ts';
import { type Bounds, sandboxSpec } from './sandbox-spec.ts';
import type { SandboxStore } from './sandbox-store.ts';

/** A sandbox in which nothing was done yet, on a disk of its own that waits for its name. */
export interface SpareSandbox {
  readonly diskName: string;
  readonly sandbox: Sandbox;
}

/** What spares are made with. */
export interface SpareDeps {
  readonly driver: Driver;
  readonly store: SandboxStore;
  readonly bounds: () => Bounds;
  /** How many wait. */
  readonly most: number;
  newId(prefix: string): string;
}

interface Waiting extends SpareSandbox {
  readonly shape: string;
}

/**
 * Keeps a few sandboxes ready, so that one is there at once. Each is used by one guest and once; the first are made when
 * the first sandbox was asked for, so that a product without any keeps none.
 */
export class SpareSandboxes {
  readonly #deps: SpareDeps;
  readonly #waiting: Waiting[] = [];
  #making: Promise<void> | undefined;
  #isClosed = false;

  constructor(deps: SpareDeps) {
    this.#deps = deps;
  }

  /** One that has the bounds of now, if there is one. */
  take(): SpareSandbox | undefined {
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
    const { driver, store, bounds, most, newId } = this.#deps;
    const shape = this.#shape();
    const useless = this.#waiting.filter((one) => one.shape !== shape || !one.sandbox.alive);
    for (const one of useless) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      await this.end(one);
    }
    while (this.#waiting.length < most && !this.#isClosed) {
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

  #shape(): string {
    return JSON.stringify(this.#deps.bounds());
  }
}
