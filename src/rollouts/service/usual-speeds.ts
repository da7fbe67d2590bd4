/** The incumbent's speed is known by its last answers. */
const speedWindow = 200;
const fewestSpeeds = 50;

/** Knows how long the incumbents of rollouts take. */
export class UsualSpeeds {
  readonly #speeds = new Map<string, number[]>();

  /** Whether an answer is slower than 95 of 100 of the incumbent; its own answers are remembered. */
  isSlow(rolloutId: string, arm: 'incumbent' | 'candidate', totalMs: number): boolean {
    const speeds = this.#speeds.get(rolloutId) ?? [];
    const sorted = speeds.toSorted((left, right) => left - right);
    const limit = sorted[Math.floor(0.95 * sorted.length)];
    if (arm === 'incumbent') {
      speeds.push(totalMs);
      if (speeds.length > speedWindow) speeds.shift();
      this.#speeds.set(rolloutId, speeds);
    }
    return sorted.length >= fewestSpeeds && limit !== undefined && totalMs > limit;
  }

  /** Forgets rollouts that are over. */
  keepOnly(running: ReadonlySet<string>): void {
    for (const id of this.#speeds.keys()) if (!running.has(id)) this.#speeds.delete(id);
  }
}
