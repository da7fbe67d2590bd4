/** Source of time, injected everywhere so that tests can move it. */
export interface Clock {
  /** Wall clock in milliseconds since the epoch; may go backwards. */
  nowMs(): number;
  /** Monotonic milliseconds; for durations only. */
  monotonicMs(): number;
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
