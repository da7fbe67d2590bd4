import type { PromptFeatures } from '../features/prompt-features.ts';

/** Prompts that are about the same: places in the given list, nearest to the middle first. */
export interface PromptGroup {
  readonly members: readonly number[];
  /** Mean similarity of its members to its middle, 0 to 1. */
  readonly likeness: number;
}

type Vector = ReadonlyMap<number, number>;

/** A prompt this near to the middle of a group belongs to it; two middles this near are one. */
const leastSimilarity = 0.35;
const sameSimilarity = 0.5;
const mostGroups = 256;
const rounds = 2;

/**
 * Groups prompts by their rare common terms: each joins the nearest group or begins one, then all are dealt out anew
 * around the middles. Deterministic for one order; what is like nothing else stays in a group of its own.
 */
export function groupPrompts(prompts: readonly PromptFeatures[]): readonly PromptGroup[] {
  const vectors = toVectors(prompts);
  let middles = begin(vectors);
  for (let round = 0; round < rounds; round++) middles = deal(vectors, middles).map(({ middle }) => middle);
  return deal(vectors, merge(middles))
    .filter(({ members }) => members.length > 0)
    .map(({ members }) => {
      const nearest = members.toSorted((left, right) => right.similarity - left.similarity);
      const sum = members.reduce((total, { similarity }) => total + similarity, 0);
      return { members: nearest.map(({ at }) => at), likeness: sum / members.length };
    })
    .toSorted((left, right) => right.members.length - left.members.length);
}

/** Lengths are one; a term that most prompts have weighs little, but something: all may be of one kind. */
function toVectors(prompts: readonly PromptFeatures[]): readonly Vector[] {
  const having = new Map<number, number>();
  for (const { buckets } of prompts) for (const bucket of buckets) having.set(bucket, (having.get(bucket) ?? 0) + 1);
  return prompts.map(({ buckets, weights }) => {
    const entries = Array.from(buckets, (bucket, at): [number, number] => {
      const rarity = Math.log(1 + prompts.length / Math.max(1, having.get(bucket) ?? 1));
      return [bucket, (weights[at] ?? 0) * rarity];
    });
    return toUnit(new Map(entries));
  });
}

function toUnit(vector: ReadonlyMap<number, number>): Vector {
  let square = 0;
  for (const value of vector.values()) square += value * value;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  return new Map([...vector].map(([bucket, value]) => [bucket, value * scale]));
}

/** A middle that still moves, with the postings by which the nearest one is found. */
class Middles {
  readonly #sums: Map<number, number>[] = [];
  readonly #squares: number[] = [];
  readonly #postings = new Map<number, Set<number>>();

  get count(): number {
    return this.#sums.length;
  }

  add(vector: Vector): void {
    this.#sums.push(new Map());
    this.#squares.push(0);
    this.join(this.#sums.length - 1, vector);
  }

  join(group: number, vector: Vector): void {
    const sums = this.#sums[group];
    if (!sums) return;
    for (const [bucket, value] of vector) {
      const known = sums.get(bucket) ?? 0;
      sums.set(bucket, known + value);
      this.#squares[group] = (this.#squares[group] ?? 0) + (known + value) ** 2 - known ** 2;
      const posting = this.#postings.get(bucket);
      if (posting === undefined) this.#postings.set(bucket, new Set([group]));
      else posting.add(group);
    }
  }

  nearest(vector: Vector): { readonly group: number; readonly similarity: number } {
    const scores = new Float64Array(this.#sums.length);
    for (const [bucket, value] of vector) {
      for (const group of this.#postings.get(bucket) ?? []) {
        scores[group] = (scores[group] ?? 0) + value * (this.#sums[group]?.get(bucket) ?? 0);
      }
    }
    let best = { group: -1, similarity: 0 };
    scores.forEach((score, group) => {
      const similarity = score / Math.sqrt(Math.max(1e-12, this.#squares[group] ?? 0));
      if (similarity > best.similarity) best = { group, similarity };
    });
    return best;
  }

  all(): readonly Vector[] {
    return this.#sums.map(toUnit);
  }
}

function begin(vectors: readonly Vector[]): readonly Vector[] {
  const middles = new Middles();
  for (const vector of vectors) {
    const { group, similarity } = middles.nearest(vector);
    if (similarity >= leastSimilarity) middles.join(group, vector);
    else if (middles.count < mostGroups) middles.add(vector);
  }
  return middles.all();
}

interface Dealt {
  readonly members: { readonly at: number; readonly similarity: number }[];
  readonly middle: Vector;
}

/** Every prompt goes to the nearest middle, if it is near enough; each middle moves to where its own are. */
function deal(vectors: readonly Vector[], middles: readonly Vector[]): readonly Dealt[] {
  const fixed = new Middles();
  for (const middle of middles) fixed.add(middle);
  const moved = middles.map((middle) => ({ members: new Array<Dealt['members'][number]>(), middle }));
  const own = new Middles();
  for (const _ of middles) own.add(new Map());
  vectors.forEach((vector, at) => {
    const { group, similarity } = fixed.nearest(vector);
    if (group < 0 || similarity < leastSimilarity) return;
    moved[group]?.members.push({ at, similarity });
    own.join(group, vector);
  });
  const places = own.all();
  return moved.map(({ members, middle }, group) => ({
    members,
    middle: members.length > 0 ? (places[group] ?? middle) : middle,
  }));
}

function merge(middles: readonly Vector[]): readonly Vector[] {
  const kept = new Middles();
  for (const middle of middles) {
    const { group, similarity } = kept.nearest(middle);
    if (similarity >= sameSimilarity) kept.join(group, middle);
    else kept.add(middle);
  }
  return kept.all();
}
