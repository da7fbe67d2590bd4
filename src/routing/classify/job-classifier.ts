import { FeatureReader } from '../features/feature-reader.ts';
import { type PromptFeatures, termBuckets } from '../features/prompt-features.ts';

/** What is said about a job by whoever made it. */
export interface DescribedJob {
  readonly name: string;
  readonly description: string;
  readonly examples: readonly string[];
}

/** The nearest job; undefined: the request resembles none. */
export interface JobMatch {
  readonly job: string | undefined;
  /** Of the nearest, also when it is too small. */
  readonly similarity: number;
}

interface Profile {
  readonly name: string;
  readonly vectors: readonly ReadonlyMap<number, number>[];
}

/** Below this nothing is alike, and the nearest must be this much nearer than the next. */
const leastSimilarity = 0.1;
const leastLead = 1.2;
/** One common term, a colon for example, is no likeness. */
const leastShared = 2;
/** Words that are in most requests, whatever they are about. */
const commonWords = `a an the this that these those it its is are was were be been do does did have has had i you he she we
  they me my your our their of in on at to for from by with as and or but not no if so than then there here what which who
  when where why how can could will would should may might must please thanks thank hello hi write give make tell need want
  using use following text ' : ,`;
const commonWeight = 0.15;

/** Finds the job that a request belongs to by its words: near the description or an example, else honestly none. */
export class JobClassifier {
  readonly #profiles: readonly Profile[];
  readonly #weights = new Float32Array(termBuckets);

  constructor(jobs: readonly DescribedJob[], reader = new FeatureReader()) {
    const texts = jobs.map(({ name, description, examples }) => {
      const about = `${name.replaceAll('-', ' ')} ${description}`.trim();
      return [about, ...examples].map((text) => reader.read(text));
    });
    this.#weigh(texts, reader.read(commonWords));
    this.#profiles = jobs.map(({ name }, at) => ({
      name,
      vectors: (texts[at] ?? []).map((features) => this.#vector(features)),
    }));
  }

  /** The nearest job by the best of its texts. */
  nearest(features: PromptFeatures): JobMatch {
    const asked = this.#vector(features);
    let best = 0;
    let second = 0;
    let job: string | undefined;
    for (const { name, vectors } of this.#profiles) {
      let similarity = 0;
      for (const vector of vectors) similarity = Math.max(similarity, cosine(asked, vector));
      if (similarity > best) {
        second = best;
        best = similarity;
        job = name;
      } else second = Math.max(second, similarity);
    }
    const isClear = best >= leastSimilarity && best >= leastLead * second;
    return { job: isClear ? job : undefined, similarity: best };
  }

  /** A term that several jobs have tells less between them. */
  #weigh(texts: readonly (readonly PromptFeatures[])[], common: PromptFeatures): void {
    const jobsWith = new Float32Array(termBuckets);
    for (const ofJob of texts) {
      const seen = new Set(ofJob.flatMap(({ buckets }) => [...buckets]));
      for (const bucket of seen) jobsWith[bucket] = (jobsWith[bucket] ?? 0) + 1;
    }
    const count = Math.max(1, texts.length);
    for (let bucket = 0; bucket < termBuckets; bucket++)
      this.#weights[bucket] = Math.log(1 + count / Math.max(1, jobsWith[bucket] ?? 0));
    for (const bucket of common.buckets) this.#weights[bucket] = commonWeight * (this.#weights[bucket] ?? 0);
  }

  #vector({ buckets, weights }: PromptFeatures): ReadonlyMap<number, number> {
    const vector = new Map<number, number>();
    let square = 0;
    for (let at = 0; at < buckets.length; at++) {
      const bucket = buckets[at] ?? 0;
      const value = (weights[at] ?? 0) * (this.#weights[bucket] ?? 0);
      vector.set(bucket, value);
      square += value * value;
    }
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (const [bucket, value] of vector) vector.set(bucket, value * scale);
    return vector;
  }
}

function cosine(left: ReadonlyMap<number, number>, right: ReadonlyMap<number, number>): number {
  const [few, many] = left.size <= right.size ? [left, right] : [right, left];
  let sum = 0;
  let shared = 0;
  for (const [bucket, value] of few) {
    const other = many.get(bucket);
    if (other === undefined) continue;
    sum += value * other;
    shared++;
  }
  return shared < leastShared ? 0 : sum;
}
