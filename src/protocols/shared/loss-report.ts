import { Fault } from '../../domain/faults/fault.ts';
import type { ModelCall } from '../../domain/calls/model-call.ts';

/** Collects what an encoder could not carry or had to add, as JSON pointers. */
export class LossReport {
  readonly #call: ModelCall;
  readonly #dropped = new Set<string>();
  readonly #added = new Set<string>();
  #fault: Fault | undefined;

  constructor(call: ModelCall) {
    this.#call = call;
  }

  get dropped(): readonly string[] {
    return [...this.#dropped];
  }

  get added(): readonly string[] {
    return [...this.#added];
  }

  /** The first loss that would have changed the meaning of the request. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Left out a piece of the client's request without changing its meaning. */
  drop(pointer: string | undefined): void {
    if (pointer !== undefined) this.#dropped.add(pointer);
  }

  /** Left out a typed field of the call, under whatever name the client used for it. */
  dropField(field: string): void {
    this.drop(this.pointerOf(field));
  }

  /** Sent a field that the upstream requires and the client did not give. */
  add(pointer: string): void {
    this.#added.add(pointer);
  }

  /** Cannot carry a piece whose loss would change the meaning: the endpoint is not usable for this call. */
  refuse(pointer: string | undefined, problem: string): void {
    this.#fault ??= new Fault('unsupported_feature', {
      message: problem,
      ...(pointer !== undefined && { param: pointer }),
    });
  }

  /** The call itself is wrong, whoever serves it. */
  reject(fault: Fault): void {
    this.#fault ??= fault;
  }

  /** Where the client said a typed field; a part of it stands in for the whole. */
  pointerOf(field: string): string | undefined {
    const { pointers } = this.#call;
    if (pointers[field] !== undefined) return pointers[field];
    const part = Object.keys(pointers).find((name) => name.startsWith(`${field}.`));
    const parent = field.split('.')[0] ?? field;
    return part === undefined ? pointers[parent] : pointers[part];
  }
}
