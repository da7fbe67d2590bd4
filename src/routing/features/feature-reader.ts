import { maxTerms, type PromptFeatures, type Script, surfaceCount, termBuckets } from './prompt-features.ts';

/** Characters read at each end of a longer text. */
const readCharacters = 2000;
const offset = 0x811c9dc5;
const prime = 0x01000193;

/** Kinds of characters, by code below 128. */
const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isIdeograph = (code: number): boolean =>
  (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7af);
const isOtherLetter = (code: number): boolean => code >= 0xc0 && !(code >= 0x2000 && code <= 0x303f) && code < 0xfe00;

/** Counts of one reading. */
interface Counts {
  letters: number;
  digits: number;
  numbers: number;
  capitals: number;
  latin: number;
  ideographs: number;
  others: number;
  lines: number;
  backslashes: number;
  code: number;
  questions: number;
  operators: number;
  quotes: number;
  sentences: number;
  json: number;
  money: number;
  words: number;
  longWords: number;
  options: number;
  largest: number;
}

const noCounts = (): Counts => ({
  letters: 0,
  digits: 0,
  numbers: 0,
  capitals: 0,
  latin: 0,
  ideographs: 0,
  others: 0,
  lines: 0,
  backslashes: 0,
  code: 0,
  questions: 0,
  operators: 0,
  quotes: 0,
  sentences: 0,
  json: 0,
  money: 0,
  words: 0,
  longWords: 0,
  options: 0,
  largest: 0,
});

/**
 * Turns texts into features: lower-cased words and pairs of neighbours, single ideographs and their pairs, and marks,
 * all hashed, digits folded. One reader reuses its scratch memory, so that a request allocates its result only.
 */
export class FeatureReader {
  readonly #counts = new Uint16Array(termBuckets);
  readonly #touched = new Int32Array(3 * (2 * readCharacters + 2));
  #touchedCount = 0;
  #previous = 0;

  /** Features of a prompt; only the first and last 2,000 characters of a long one are read. */
  read(text: string): PromptFeatures {
    const counts = noCounts();
    this.#touchedCount = 0;
    this.#previous = 0;
    if (text.length <= 2 * readCharacters) this.#scan(text, counts);
    else {
      this.#scan(text.slice(0, readCharacters), counts);
      this.#previous = 0;
      this.#scan(text.slice(-readCharacters), counts);
    }
    const distinct = this.#touchedCount;
    const surface = measure(counts, { text, distinct });
    return { ...this.#takeTerms(), surface, characters: text.length, script: scriptOf(counts) };
  }

  #scan(text: string, counts: Counts): void {
    for (let at = 0; at < text.length;) {
      const code = text.charCodeAt(at);
      if (isLetter(code) || (isOtherLetter(code) && !isIdeograph(code))) at = this.#word(text, at, counts);
      else if (isDigit(code)) at = this.#number(text, at, counts);
      else {
        if (isIdeograph(code)) this.#ideograph(code, counts);
        else if (code > 32) this.#mark(code, counts);
        else if (code === 10) counts.lines++;
        at++;
      }
    }
  }

  #word(text: string, start: number, counts: Counts): number {
    let hash = offset;
    let at = start;
    for (; at < text.length; at++) {
      let code = text.charCodeAt(at);
      if (code >= 65 && code <= 90) {
        code += 32;
        counts.capitals++;
        counts.latin++;
      } else if (code >= 97 && code <= 122) counts.latin++;
      else if (isOtherLetter(code) && !isIdeograph(code)) counts.others++;
      else break;
      hash = Math.imul(hash ^ code, prime);
    }
    counts.words++;
    counts.letters += at - start;
    if (at - start > 6) counts.longWords++;
    if (at - start === 1 && start > 0 && text.charCodeAt(start - 1) <= 40 && isOptionEnd(text.charCodeAt(at)))
      counts.options++;
    this.#emitWithNeighbour(hash);
    return at;
  }

  #number(text: string, start: number, counts: Counts): number {
    let hash = offset;
    let value = 0;
    let at = start;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (!isDigit(code)) break;
      hash = Math.imul(hash ^ 48, prime);
      value = value * 10 + code - 48;
    }
    counts.digits += at - start;
    counts.numbers++;
    if (value > counts.largest) counts.largest = value;
    this.#emitWithNeighbour(hash);
    return at;
  }

  #ideograph(code: number, counts: Counts): void {
    counts.ideographs++;
    this.#emitWithNeighbour(Math.imul(offset ^ code, prime));
  }

  #mark(code: number, counts: Counts): void {
    if (code === 63 || code === 0xff1f) counts.questions++;
    else if (code === 92) counts.backslashes++;
    else if (code === 46 || code === 33 || code === 0x3002) counts.sentences++;
    else if (code === 36 || code === 37) counts.money++;
    else if (code === 34 || code === 39 || code === 96) counts.quotes++;
    else if (code === 43 || code === 45 || code === 42 || code === 47 || code === 94) counts.operators++;
    else if (code === 123 || code === 125 || code === 91 || code === 93) counts.json++;
    if (code === 40 || code === 41 || code === 59 || code === 61 || code === 60 || code === 62 || code === 95)
      counts.code++;
    if (code !== 44 && code !== 46) this.#emit(Math.imul(offset ^ (code + 0x10000), prime));
  }

  #emitWithNeighbour(hash: number): void {
    this.#emit(hash);
    if (this.#previous !== 0) this.#emit(Math.imul(this.#previous, 31) ^ hash ^ 0x5bd1e995);
    this.#previous = hash;
  }

  #emit(hash: number): void {
    let mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    const bucket = (mixed ^ (mixed >>> 16)) & (termBuckets - 1);
    const count = this.#counts[bucket] ?? 0;
    if (count === 0) this.#touched[this.#touchedCount++] = bucket;
    if (count < 65_535) this.#counts[bucket] = count + 1;
  }

  #takeTerms(): { buckets: Int32Array; weights: Float32Array } {
    const touched = this.#touched.subarray(0, this.#touchedCount);
    const buckets = touched.slice(0, maxTerms).sort();
    const weights = new Float32Array(buckets.length);
    for (let at = 0; at < buckets.length; at++) weights[at] = 1 + Math.log(this.#counts[buckets[at] ?? 0] ?? 1);
    for (let at = 0; at < touched.length; at++) this.#counts[touched[at] ?? 0] = 0;
    return { buckets, weights };
  }
}

/** Option letters as in `A.`, `(B)` and `C:`. */
function isOptionEnd(code: number): boolean {
  return code === 46 || code === 41 || code === 58;
}

function scriptOf(counts: Counts): Script {
  const { latin, ideographs, others } = counts;
  if (latin + ideographs + others === 0) return 'none';
  if (ideographs * 2 >= latin + others) return 'cjk';
  return latin >= others ? 'latin' : 'other';
}

function measure(counts: Counts, of: { text: string; distinct: number }): Float32Array {
  const { text, distinct } = of;
  const size = Math.max(1, Math.min(text.length, 2 * readCharacters));
  const share = (count: number): number => Math.sqrt(count / size);
  const values = [
    Math.log1p(text.length) / 3 - 1.8,
    Math.log1p(counts.words) / 2.5 - 1.5,
    share(counts.digits) * 2,
    Math.log1p(counts.numbers) / 1.5,
    share(counts.capitals) * 2,
    share(counts.ideographs + counts.others),
    share(counts.lines) * 4,
    share(counts.backslashes) * 4,
    share(counts.code) * 3,
    Math.log1p(counts.questions),
    (distinct / Math.max(1, 2 * (counts.words + counts.numbers + counts.ideographs))) * 2 - 1.5,
    share(counts.operators) * 4,
    Math.sqrt(counts.longWords / Math.max(1, counts.words)) * 2,
    share(counts.quotes) * 4,
    Math.log1p(counts.sentences) / 1.5,
    Math.log1p(counts.options),
    share(counts.json) * 4,
    Math.log1p(counts.money),
    Math.log1p(counts.largest) / 5,
    /[?？]\s*$/.test(text.slice(-8)) ? 1 : 0,
  ];
  return Float32Array.from(values.slice(0, surfaceCount));
}
