/** Makes a name one that rows can hold; none is the empty text. */
export type CleanLabel = (text: string | undefined) => string;

/** Longer names are cut: they are somebody's free text. */
const longestLabel = 200;

/** A name as rows can hold it: no longer than they are wide, and without what Postgres refuses in text. */
export function cleanLabel(text: string | undefined): string {
  if (text === undefined) return '';
  const cut = text.length > longestLabel ? text.slice(0, longestLabel) : text;
  // With the u flag a surrogate is matched only when its other half is missing.
  return /[\0\uD800-\uDFFF]/u.test(cut) ? cut.replace(/[\0\uD800-\uDFFF]/gu, '\uFFFD') : cut;
}

/**
 * Cleans labels and answers the same text for the same name each time: what is looked up by it many times is then
 * found by identity, where every fact that is parsed brings new copies of its names.
 */
export class LabelCache {
  readonly #known = new Map<string, string>();
  readonly #limit: number;

  /** Beyond the limit it begins anew. */
  constructor(limit = 50_000) {
    this.#limit = limit;
  }

  readonly clean: CleanLabel = (text) => {
    if (text === undefined) return '';
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const label = cleanLabel(text);
    if (text.length > longestLabel) return label;
    if (this.#known.size >= this.#limit) this.#known.clear();
    this.#known.set(text, label);
    return label;
  };
}
