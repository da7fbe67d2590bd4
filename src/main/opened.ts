/** What can be closed again. */
interface Closable {
  close(): Promise<void> | void;
}

/** What a start has opened so far, so that a start that fails leaves no process, lock or socket behind. */
export class Opened {
  readonly #parts: Closable[] = [];

  /** Gives the part back. */
  add<Part extends Closable>(part: Part): Part {
    this.#parts.push(part);
    return part;
  }

  /** Closes the last first: later parts use earlier ones. */
  async close(): Promise<void> {
    for (const part of this.#parts.toReversed()) await part.close();
  }
}
