/** When a drop is large and lasting enough to be called a change. */
export interface ChangeOptions {
  /** Drops smaller than this are not looked for; in points of score. */
  readonly tolerated: number;
  /** Sum of drops beyond the tolerated one that raises the alarm. */
  readonly threshold: number;
}

/** Set for about one false alarm in ten thousand outcomes of a model that passes or fails. */
const changeDefaults: ChangeOptions = { tolerated: 0.12, threshold: 3.5 };

const mostStreams = 20_000;

/**
 * Notices that a model does worse than expected, by a one-sided cumulative sum of expected minus actual score.
 * Differences to the expectation are summed, not scores: a change of the mix of work is no change of the model.
 */
export class ChangeDetector {
  readonly #options: ChangeOptions;
  readonly #sums = new Map<string, number>();

  constructor(options: ChangeOptions = changeDefaults) {
    this.#options = options;
  }

  /** Notes one outcome of a stream (a model on a host); true when it raises the alarm, which starts the sum anew. */
  note(stream: string, { expected, actual }: { expected: number; actual: number }): boolean {
    const sum = Math.max(0, (this.#sums.get(stream) ?? 0) + expected - actual - this.#options.tolerated);
    const isAlarm = sum > this.#options.threshold;
    if (this.#sums.size < mostStreams || this.#sums.has(stream)) this.#sums.set(stream, isAlarm ? 0 : sum);
    return isAlarm;
  }
}
