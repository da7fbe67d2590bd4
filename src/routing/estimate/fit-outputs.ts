import { termBuckets } from '../features/prompt-features.ts';
import { DenseRidge, predictRow } from './dense-ridge.ts';
import { numberBuckets, surfaceDesign, surfaceScale, termDesign } from './designs.ts';
import type { GradedRow } from './graded-rows.ts';
import type { GradedPrompt } from './graded-prompts.ts';
import { OutputModel } from './output-model.ts';
import { multiply, solveRidge } from './sparse-ridge.ts';

const minRows = 60;
const surfacePenalty = 50;
const termPenalty = 4;

/**
 * Learns how much longer than usual the answers to a prompt are. One factor serves all models: what makes a question
 * long to answer is the question. Switched on only if it predicts held-out prompts.
 */
export function fitOutputs(prompts: readonly GradedPrompt[], rows: readonly GradedRow[]): OutputModel | undefined {
  const means = logMeans(prompts, rows);
  const wanted = Float64Array.from(prompts, (prompt, at) => commonFactor(prompt, means[rows[at]?.job ?? 0]));
  const known = wanted.map((value) => (Number.isNaN(value) ? 0 : 1));
  if (known.reduce((sum, one) => sum + one, 0) < minRows) return undefined;
  const targets = wanted.map((value) => (Number.isNaN(value) ? 0 : value));
  if (targets.every((value) => Math.abs(value) < 1e-6)) return undefined;
  const features = rows.map((row) => row.features);
  const scale = surfaceScale(features);
  const surface = surfaceDesign(features, scale);
  const vectors = rows.map(({ vector }) => vector);
  const numbers = numberBuckets(vectors, termBuckets);
  const terms = termDesign(vectors, numbers);
  const fitBoth = (rowWeights: Float64Array) => {
    const folds = Int32Array.from(rowWeights, (weight) => (weight === 0 ? 1 : 0));
    const ridge = new DenseRidge(surface, { values: targets, width: 1, folds, foldCount: 2 });
    const bySurface = ridge.solve(surfacePenalty, 1);
    const explained = new Float64Array(rows.length);
    for (let row = 0; row < rows.length; row++)
      predictRow(surface, row, { solution: bySurface, width: 1, into: explained });
    const rest = targets.map((value, at) => value - (explained[at] ?? 0));
    const byTerms = solveRidge({ design: terms, targets: rest, targetCount: 1, rowWeights, penalty: termPenalty });
    const more = new Float64Array(rows.length);
    multiply(terms, { from: byTerms, into: more, width: 1 });
    return { bySurface, byTerms, predicted: explained.map((value, at) => value + (more[at] ?? 0)) };
  };
  const trained = fitBoth(known.map((one, at) => ((rows[at]?.fold ?? 0) === 0 ? 0 : one)));
  let before = 0;
  let after = 0;
  rows.forEach(({ fold }, at) => {
    if (fold !== 0 || known[at] === 0) return;
    before += (targets[at] ?? 0) ** 2;
    after += ((targets[at] ?? 0) - (trained.predicted[at] ?? 0)) ** 2;
  });
  if (after > before * 0.97) return undefined;
  const { bySurface, byTerms, predicted } = fitBoth(known);
  const slopes = slopesOf(prompts, { rows, means, predicted });
  return new OutputModel({ scale, surface: bySurface, numbers, terms: byTerms, slopes });
}

/** Mean log length per job and model. */
function logMeans(prompts: readonly GradedPrompt[], rows: readonly GradedRow[]): Float64Array[] {
  const sums: Float64Array[] = [];
  const counts: Float64Array[] = [];
  prompts.forEach(({ outputs }, at) => {
    const job = rows[at]?.job ?? 0;
    const sum = (sums[job] ??= new Float64Array(rows[at]?.expected.length ?? 0));
    const count = (counts[job] ??= new Float64Array(sum.length));
    outputs.forEach((tokens, model) => {
      if (!(tokens > 0) || model >= sum.length) return;
      sum[model] = (sum[model] ?? 0) + Math.log(tokens + 1);
      count[model] = (count[model] ?? 0) + 1;
    });
  });
  return sums.map((sum, job) => sum.map((value, model) => value / Math.max(1, counts[job]?.[model] ?? 0)));
}

function commonFactor({ outputs }: GradedPrompt, means: Float64Array | undefined): number {
  let sum = 0;
  let count = 0;
  outputs.forEach((tokens, model) => {
    if (!(tokens > 0)) return;
    sum += Math.log(tokens + 1) - (means?.[model] ?? 0);
    count++;
  });
  return count > 0 ? sum / count : Number.NaN;
}

/** Some models answer at one length whatever is asked. */
function slopesOf(
  prompts: readonly GradedPrompt[],
  of: { rows: readonly GradedRow[]; means: readonly Float64Array[]; predicted: Float64Array },
): Float64Array {
  const size = of.rows[0]?.expected.length ?? 0;
  const cross = new Float64Array(size).fill(0);
  const squares = new Float64Array(size).fill(0);
  prompts.forEach(({ outputs }, at) => {
    const value = of.predicted[at] ?? 0;
    outputs.forEach((tokens, model) => {
      if (!(tokens > 0) || model >= size) return;
      const own = Math.log(tokens + 1) - (of.means[of.rows[at]?.job ?? 0]?.[model] ?? 0);
      cross[model] = (cross[model] ?? 0) + own * value;
      squares[model] = (squares[model] ?? 0) + value * value;
    });
  });
  return cross.map((sum, model) => Math.max(0, Math.min(2, (sum + 1) / ((squares[model] ?? 0) + 1))));
}
