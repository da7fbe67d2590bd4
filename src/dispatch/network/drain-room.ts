/** Upstreams that are read on although their clients left: beyond this many they are cancelled, as without the policy. */
const maxDrains = 100;

/** Bounds the answers that nobody listens to, over all keys: clients that leave must not hold every connection. */
export class DrainRoom {
  #taken = 0;

  /** Takes a place, if there is one left. */
  enter(): boolean {
    if (this.#taken >= maxDrains) return false;
    this.#taken++;
    return true;
  }

  /** Gives a taken place back. */
  leave(): void {
    this.#taken--;
  }
}
