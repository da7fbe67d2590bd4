import type { Hold } from '../../tenants/index.ts';

const stepTokens = 1000;
/** Near the end of a budget less is asked for at a time, down to this. */
const leastStepTokens = 50;
/** More is asked for while this many tokens are left, since a share of another gateway's takes a moment to come. */
const reserveTokens = 250;

/** What is held for a stream at first, and what more of it costs. */
export interface HeldOutput {
  readonly tokens: number;
  readonly nanosPerStep: bigint;
  /** Answers written side by side, of which only the first is counted. */
  readonly alternatives: number;
}

/**
 * How much a stream may still write under a hard limit. What was held is topped up as the answer grows; once nothing
 * more can be held, the stream ends at what is.
 */
export class OutputAllowance {
  readonly #hold: Hold;
  readonly #nanosPerStep: bigint;
  readonly #alternatives: number;
  #heldTokens: number;
  #stepTokens = stepTokens;
  #isAsking = false;
  #isDry = false;

  constructor(hold: Hold, held: HeldOutput) {
    this.#hold = hold;
    this.#heldTokens = held.tokens;
    this.#nanosPerStep = held.nanosPerStep;
    this.#alternatives = held.alternatives;
  }

  /** Is so much output held for? False ends the stream. */
  covers(countedTokens: number): boolean {
    const outputTokens = countedTokens * this.#alternatives;
    while (outputTokens > this.#heldTokens - reserveTokens && !this.#isDry && !this.#isAsking) this.#ask();
    return outputTokens <= this.#heldTokens;
  }

  #ask(): void {
    const share = BigInt(this.#stepTokens);
    const nanos = (this.#nanosPerStep * share + BigInt(stepTokens) - 1n) / BigInt(stepTokens);
    const answer = this.#hold.topUpOrWait(nanos);
    if (typeof answer === 'boolean') return this.#answered(answer);
    this.#isAsking = true;
    answer.then(
      (isMore) => {
        this.#isAsking = false;
        this.#answered(isMore);
      },
      () => {
        this.#isAsking = false;
        this.#answered(false);
      },
    );
  }

  #answered(isMore: boolean): void {
    if (isMore) this.#heldTokens += this.#stepTokens;
    else if (this.#stepTokens > leastStepTokens) this.#stepTokens = Math.max(leastStepTokens, this.#stepTokens >> 1);
    else this.#isDry = true;
  }
}

/** Tokens that one top-up holds for. */
export const allowanceStepTokens = stepTokens;
