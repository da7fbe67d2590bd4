import type { PromptFeatures } from '../features/prompt-features.ts';
import type { NeighbourIndex, TermVector } from './neighbour-index.ts';

/** One graded prompt as the fit sees it. */
export interface GradedRow {
  readonly job: number;
  /** Place in the neighbour index; -1 if it is not kept there. */
  readonly indexRow: number;
  readonly fold: number;
  readonly features: PromptFeatures;
  readonly vector: TermVector;
  /** One per model, NaN where not graded. */
  readonly scores: Float32Array;
  /** What the job's means say, learned without this fold. */
  readonly expected: Float64Array;
}

/** What a fit starts from. */
export interface ResidualInput {
  readonly rows: readonly GradedRow[];
  readonly jobCount: number;
  readonly modelCount: number;
  readonly index: NeighbourIndex;
}

/** Parts that graded prompts are split into; each is predicted by what the others taught. */
export const foldCount = 5;

/** A model that was not graded on a prompt is taken to do as its job's mean says. */
export function centre(residuals: Float64Array): Float64Array {
  let sum = 0;
  let count = 0;
  for (const value of residuals) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return residuals.map((value) => (Number.isNaN(value) ? 0 : value - sum / count));
}
