import type { ModelCall } from '../../domain/calls/model-call.ts';

/** Collects what a request loses on its way into another dialect, in the client's own terms. */
export class LossReport {
  readonly #call: ModelCall;
  readonly #dropped = new Set<string>();

  constructor(call: ModelCall) {
    this.#call = call;
  }

  /** Pointers of everything lost so far. */
  get dropped(): readonly string[] {
    return [...this.#dropped];
  }

  /** Drops typed fields, where the client sent them. */
  drop(...fields: readonly string[]): void {
    for (const field of fields) {
      const pointer = this.#call.pointers[field];
      if (pointer !== undefined) this.#dropped.add(pointer);
    }
  }

  /** Drops something by its place; unknown places cannot be named. */
  dropPointer(pointer: string | undefined, child = ''): void {
    if (pointer !== undefined) this.#dropped.add(pointer + child);
  }
}
