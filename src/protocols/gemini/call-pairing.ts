interface PendingCall {
  readonly id: string;
  readonly name: string;
}

/** Finds the call a tool's answer belongs to when the client repeats no id: by name first, then by order. */
export class CallPairing {
  readonly #pending: PendingCall[] = [];

  /** A call that waits for its answer. */
  open(id: string, name: string): void {
    this.#pending.push({ id, name });
  }

  /** Id of the call that this answer closes; undefined when no call waits and the answer names none. */
  close(id: string | undefined, name: string | undefined): string | undefined {
    let at = id === undefined ? -1 : this.#pending.findIndex((call) => call.id === id);
    if (at < 0 && id !== undefined && id !== '') return id;
    if (at < 0) at = this.#pending.findIndex((call) => call.name === name);
    if (at < 0 && this.#pending.length > 0) at = 0;
    return at < 0 ? undefined : this.#pending.splice(at, 1)[0]?.id;
  }
}
