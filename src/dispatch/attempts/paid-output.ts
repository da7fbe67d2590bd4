import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { DispatchPlan } from '../dispatch-plan.ts';
import { weighOutput } from './attempt-meter.ts';

/** Estimates of long texts are rounded up once per gathered piece. */
const roundingTokens = 4;

/** Says when a stream has said all that is paid for; counts, leaning high, only where there is an allowance. */
export class PaidOutput {
  readonly #allowance: DispatchPlan['allowance'];
  #countedTokens = 0;

  constructor(allowance: DispatchPlan['allowance']) {
    this.#allowance = allowance;
  }

  /** Asked before parts are taken: what is not paid for is neither delivered nor charged. */
  isExceededBy(parts: readonly StreamPart[]): boolean {
    if (!this.#allowance) return false;
    this.#countedTokens += weighOutput(parts);
    // One more for every text whose end is rounded up when it is charged.
    return !this.#allowance.covers(Math.ceil(this.#countedTokens) + roundingTokens);
  }
}
