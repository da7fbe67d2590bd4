import type { BookEvent } from './book-event.ts';
import { type FlatTerms, flattenTerms } from './flat-terms.ts';
import { type NewVersion, openVersion, type PriceVersion, versionAt } from './price-version.ts';

const noFigures: FlatTerms = new Map();

/** The versions of one endpoint, oldest first: opened and closed, never changed, never overlapping. */
export class VersionLine {
  readonly #versions: PriceVersion[];
  /** Figures of the version in force. */
  #accepted: FlatTerms;

  constructor(versions: readonly PriceVersion[] = []) {
    this.#versions = [...versions];
    const current = this.current();
    this.#accepted = current ? flattenTerms(current.price) : noFigures;
  }

  get all(): readonly PriceVersion[] {
    return this.#versions;
  }

  /** Figures of the version in force; none while there is none. */
  get accepted(): FlatTerms {
    return this.#accepted;
  }

  current(): PriceVersion | undefined {
    const last = this.#versions.at(-1);
    return last?.validToMs === undefined ? last : undefined;
  }

  at(atMs: number): PriceVersion | undefined {
    return versionAt(this.#versions, atMs);
  }

  /** Opens a version, and closes the one before at the same instant. */
  open(from: NewVersion): BookEvent[] {
    const closed = this.close(from.validFromMs);
    const version = openVersion(from);
    this.#versions.push(version);
    this.#accepted = flattenTerms(version.price);
    return [...closed, { type: 'version_opened', version }];
  }

  /** Closes the version in force; the price is unknown from then on, unless another is opened. */
  close(atMs: number): BookEvent[] {
    const current = this.current();
    if (!current) return [];
    const version = { ...current, validToMs: atMs };
    this.#versions[this.#versions.length - 1] = version;
    this.#accepted = noFigures;
    return [{ type: 'version_closed', version }];
  }
}
