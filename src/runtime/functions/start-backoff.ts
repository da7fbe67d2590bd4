const firstMs = 250;
const longestMs = 15_000;
const failuresBefore = 2;
/** A process that lived for so long was no failure to start. */
const healthyMs = 30_000;

/** Starts what keeps ending ever more rarely, and at once again when it has lived for a while. */
export class StartBackoff {
  #failures = 0;
  #retryAtMs = 0;
  #startedAtMs: number | undefined;

  /** Milliseconds until the next start may be tried; 0 when it may now. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#retryAtMs - nowMs);
  }

  started(nowMs: number): void {
    this.#startedAtMs = nowMs;
  }

  /** It ended without having been asked to, or never started. */
  failed(nowMs: number): void {
    if (this.#startedAtMs !== undefined && nowMs - this.#startedAtMs >= healthyMs) this.#failures = 0;
    this.#startedAtMs = undefined;
    this.#failures++;
    if (this.#failures < failuresBefore) return;
    this.#retryAtMs = nowMs + Math.min(longestMs, firstMs * 2 ** (this.#failures - failuresBefore));
  }
}
