/** A row's terms, weighted and of unit length. */
export interface TermVector {
  readonly buckets: Int32Array;
  readonly values: Float32Array;
}

/** Prompts found near another, nearest first. */
export interface Neighbours {
  readonly rows: readonly number[];
  readonly similarities: readonly number[];
}

/** Postings longer than this say little and cost much. */
const maxPostings = 200;
const nearest = 40;

/** Finds the graded prompts of a job most similar to a new one, by an inverted index over their terms. */
export class NeighbourIndex {
  readonly #postings = new Map<number, { rows: Int32Array; values: Float32Array }>();
  readonly #scores: Float32Array;
  readonly #touched: Int32Array;
  readonly size: number;

  constructor(vectors: readonly TermVector[]) {
    this.size = vectors.length;
    this.#scores = new Float32Array(vectors.length);
    this.#touched = new Int32Array(vectors.length);
    const lists = new Map<number, { rows: number[]; values: number[] }>();
    vectors.forEach(({ buckets, values }, row) => {
      for (let at = 0; at < buckets.length; at++) {
        const bucket = buckets[at] ?? 0;
        const list = lists.get(bucket) ?? { rows: [], values: [] };
        if (list.rows.length === 0) lists.set(bucket, list);
        list.rows.push(row);
        list.values.push(values[at] ?? 0);
      }
    });
    for (const [bucket, { rows, values }] of lists) {
      if (rows.length <= maxPostings)
        this.#postings.set(bucket, { rows: Int32Array.from(rows), values: Float32Array.from(values) });
    }
  }

  /** The nearest rows by cosine; rows that `leaveOut` names are not considered. */
  near(vector: TermVector, leaveOut?: (row: number) => boolean): Neighbours {
    const scores = this.#scores;
    const touched = this.#touched;
    let count = 0;
    for (let at = 0; at < vector.buckets.length; at++) {
      const list = this.#postings.get(vector.buckets[at] ?? 0);
      if (!list) continue;
      const factor = vector.values[at] ?? 0;
      const { rows, values } = list;
      for (let entry = 0; entry < rows.length; entry++) {
        const row = rows[entry] ?? 0;
        const known = scores[row] ?? 0;
        if (known === 0) touched[count++] = row;
        scores[row] = known + factor * (values[entry] ?? 0);
      }
    }
    const found = this.#best(count, leaveOut);
    for (let at = 0; at < count; at++) scores[touched[at] ?? 0] = 0;
    return found;
  }

  /** A small heap would do; insertion into 40 sorted places is as fast and simpler. */
  #best(count: number, leaveOut: ((row: number) => boolean) | undefined): Neighbours {
    const rows: number[] = [];
    const similarities: number[] = [];
    for (let at = 0; at < count; at++) {
      const row = this.#touched[at] ?? 0;
      const score = this.#scores[row] ?? 0;
      if (rows.length === nearest && score <= (similarities[nearest - 1] ?? 0)) continue;
      if (leaveOut?.(row) === true) continue;
      let place = Math.min(rows.length, nearest - 1);
      while (place > 0 && (similarities[place - 1] ?? 0) < score) {
        rows[place] = rows[place - 1] ?? 0;
        similarities[place] = similarities[place - 1] ?? 0;
        place--;
      }
      rows[place] = row;
      similarities[place] = score;
    }
    return { rows, similarities };
  }
}
