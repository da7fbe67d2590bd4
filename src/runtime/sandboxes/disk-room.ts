import { noSpaceFault } from './guest/guest-call.ts';

/** What the room on a disk is known by. */
export interface DiskRoomDeps {
  /** Looks through the disk; null when that takes too long to be finished. */
  measure(): Promise<number | null>;
  mostBytes(): number;
  nowMs(): number;
}

/**
 * How full the disk of a sandbox is: what was last found there and what was taken since. A disk that cannot be looked
 * through counts as full, or a guest could hide on it behind its number of files.
 */
export class DiskRoom {
  readonly #deps: DiskRoomDeps;
  #foundBytes = 0;
  #takenBytes = 0;
  #foundAtMs = -Infinity;
  #measuring: Promise<void> | undefined;

  constructor(deps: DiskRoomDeps) {
    this.#deps = deps;
  }

  get usedBytes(): number {
    return this.#foundBytes + this.#takenBytes;
  }

  get isOver(): boolean {
    return this.usedBytes > this.#deps.mostBytes();
  }

  get isFull(): boolean {
    return this.usedBytes >= this.#deps.mostBytes();
  }

  /** Looks what is there, unless that is known well enough; one look at a time. */
  look(freshMs = 0): Promise<void> {
    if (this.#deps.nowMs() - this.#foundAtMs < freshMs) return Promise.resolve();
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  /** Throws when the disk takes nothing more, as far as is known now. */
  async require(): Promise<void> {
    if (this.isFull) await this.look();
    if (this.isFull) throw noSpaceFault();
  }

  /** Counts bytes before they are written; false when there is no room for them. */
  async take(bytes: number): Promise<boolean> {
    this.#takenBytes += bytes;
    if (!this.isOver) return true;
    // What was written over an earlier file was counted twice.
    await this.look();
    this.#takenBytes += bytes;
    return !this.isOver;
  }

  async #measure(): Promise<void> {
    const before = this.#takenBytes;
    const found = await this.#deps.measure();
    // What was taken meanwhile may not have been seen.
    this.#takenBytes -= before;
    this.#foundBytes = found ?? this.#deps.mostBytes() + 1;
    this.#foundAtMs = this.#deps.nowMs();
  }
}
