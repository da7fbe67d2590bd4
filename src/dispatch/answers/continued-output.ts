import type { Fault } from '../../domain/faults/fault.ts';
import type { ModelCall } from '../../domain/calls/model-call.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import type { Frame } from '../../protocols/contract.ts';
import type { AnswerOutput } from './answer-output.ts';
import { Continuation } from './continuation.ts';

/** An output that several upstreams write to one after the other, as one answer. */
export class ContinuedOutput implements AnswerOutput {
  readonly #output: AnswerOutput;
  readonly #continuation = new Continuation();
  #isContinued = false;

  constructor(output: AnswerOutput) {
    this.#output = output;
  }

  get isContinued(): boolean {
    return this.#isContinued;
  }

  get isPossible(): boolean {
    return this.#continuation.isPossible;
  }

  /** The call that asks for the rest of the answer. */
  continue(call: ModelCall, firstUsage: Usage | undefined): ModelCall {
    this.#isContinued = true;
    return this.#continuation.continue(call, firstUsage);
  }

  frame(frame: Frame): Buffer | string {
    const parts = frame.parts.flatMap((part) => this.#continuation.adapt(part));
    return this.#output.frame({ ...frame, parts });
  }

  close(): Buffer | string {
    return this.#output.close();
  }

  fail(fault: Fault): string {
    return this.#output.fail(fault);
  }
}
