import { maxTerms, type PromptFeatures, type Script, termBuckets } from './prompt-features.ts';

/** Characters read at each end of a longer text. */
const readCharacters = 2000;
const offset = 0x811c9dc5;
const prime = 0x01000193;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isIdeograph = (code: number): boolean =>
  (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7af);
const isOtherLetter = (code: number): boolean => code >= 0xc0 && !(code >= 0x2000 && code <= 0x303f) && code < 0xfe00;

/** What a character is read as. */
const spaceKind = 0;
const letterKind = 1;
const digitKind = 2;
const ideographKind = 3;
const markKind = 4;

/** Kinds of characters below 128, which most are. */
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90)) return letterKind;
  if (isDigit(code)) return digitKind;
  return code > 32 ? markKind : spaceKind;
});

function kindBeyond(code: number): number {
  if (isIdeograph(code)) return ideographKind;
  return isOtherLetter(code) ? letterKind : markKind;
}

/** Counts of one reading. */
interface Counts {
  letters: number;
  digits: number;
  numbers: number;
  capitals: number;
  latin: number;
  ideographs: number;
  others: number;
  commas: number;
  marks: number;
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
  commas: 0,
  marks: 0,
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
  /** One bit per kept bucket, and one per word of these that has any: read in order they give the buckets sorted. */
  readonly #bits = new Uint32Array(termBuckets / 32);
  readonly #words = new Uint32Array(termBuckets / 1024);
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
      const kind = code < 128 ? (kinds[code] ?? markKind) : kindBeyond(code);
      if (kind === letterKind) at = this.#word(text, at, counts);
      else if (kind === digitKind) at = this.#number(text, at, counts);
      else {
        if (kind === ideographKind) this.#ideograph(code, counts);
        else if (kind === markKind) this.#mark(code, counts);
        at++;
      }
    }
  }

  #word(text: string, start: number, counts: Counts): number {
    let hash = offset;
    let capitals = 0;
    let others = 0;
    let at = start;
    for (; at < text.length; at++) {
      let code = text.charCodeAt(at);
      if (code < 128) {
        if (kinds[code] !== letterKind) break;
        if (code < 97) {
          code += 32;
          capitals++;
        }
      } else if (kindBeyond(code) === letterKind) others++;
      else break;
      hash = Math.imul(hash ^ code, prime);
    }
    const length = at - start;
    counts.words++;
    counts.letters += length;
    counts.capitals += capitals;
    counts.others += others;
    counts.latin += length - others;
    if (length > 6) counts.longWords++;
    if (length === 1 && start > 0 && text.charCodeAt(start - 1) <= 40 && isOptionEnd(text.charCodeAt(at)))
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
    else if (isQuote(code)) counts.quotes++;
    else if (code === 43 || code === 45 || code === 42 || code === 47 || code === 94) counts.operators++;
    else if (code === 123 || code === 125 || code === 91 || code === 93) counts.json++;
    if (code === 40 || code === 41 || code === 59 || code === 61 || code === 60 || code === 62 || code === 95)
      counts.code++;
    counts.marks++;
    if (code === 44) counts.commas++;
    else if (code !== 46) this.#emit(Math.imul(offset ^ ((isQuote(code) ? 39 : code) + 0x10000), prime));
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
    if (count === 0) this.#touch(bucket);
    if (count < 65_535) this.#counts[bucket] = count + 1;
  }

  #touch(bucket: number): void {
    const place = this.#touchedCount++;
    this.#touched[place] = bucket;
    if (place >= maxTerms) return;
    const word = bucket >>> 5;
    this.#bits[word] = (this.#bits[word] ?? 0) | (1 << (bucket & 31));
    this.#words[word >>> 5] = (this.#words[word >>> 5] ?? 0) | (1 << (word & 31));
  }

  #takeTerms(): { buckets: Int32Array; weights: Float32Array } {
    const size = Math.min(this.#touchedCount, maxTerms);
    const buckets = new Int32Array(size);
    const weights = new Float32Array(size);
    const counts = this.#counts;
    let next = 0;
    for (let block = 0; block < this.#words.length; block++) {
      for (let words = this.#words[block] ?? 0; words !== 0; words &= words - 1) {
        const word = (block << 5) | lowestBit(words);
        for (let bits = this.#bits[word] ?? 0; bits !== 0; bits &= bits - 1) {
          const bucket = (word << 5) | lowestBit(bits);
          buckets[next] = bucket;
          weights[next++] = weightOf(counts[bucket] ?? 1);
        }
        this.#bits[word] = 0;
      }
      this.#words[block] = 0;
    }
    for (let at = 0; at < this.#touchedCount; at++) counts[this.#touched[at] ?? 0] = 0;
    return { buckets, weights };
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Most terms occur a few times: their logarithms are at hand. */
const fewWeights = Float64Array.from({ length: 64 }, (_, count) => 1 + Math.log(Math.max(1, count)));

function weightOf(count: number): number {
  return count < 64 ? (fewWeights[count] ?? 1) : 1 + Math.log(count);
}

/** Quotes of every kind count as the same. */
function isQuote(code: number): boolean {
  return code === 34 || code === 39 || code === 96 || (code >= 0x2018 && code <= 0x201f);
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
  // White space is no part of what is asked: another way to lay it out is the same prompt.
  const size = Math.max(1, counts.letters + counts.digits + counts.ideographs + counts.marks);
  const beyond = Math.max(1, text.length / (2 * readCharacters));
  const share = (count: number): number => Math.sqrt(count / size);
  const values = [
    Math.log1p(size * beyond) / 3 - 1.8,
    Math.log1p(counts.words) / 2.5 - 1.5,
    share(counts.digits) * 2,
    Math.log1p(counts.numbers) / 1.5,
    share(counts.capitals) * 2,
    share(counts.ideographs + counts.others),
    share(counts.commas) * 4,
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
    share(counts.marks),
  ];
  return new Float32Array(values);
}
