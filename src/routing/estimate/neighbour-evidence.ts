import { centre, type GradedRow, type ResidualInput } from './graded-rows.ts';
import type { NeighbourIndex } from './neighbour-index.ts';
import { addNeighbours } from './residual-model.ts';

/** How the neighbours of each prompt, none of its own fold, differ from the job's means. */
export function neighboursOutOfFold({ rows, index, modelCount }: ResidualInput): Float64Array[] {
  const places = placesOf(rows, index);
  const scores = keepScores({ rows, index, modelCount });
  return rows.map((row) => {
    const found = index.near(row.vector, (other) => rows[places[other] ?? 0]?.fold === row.fold);
    const told = new Float64Array(modelCount);
    addNeighbours(told, { found, scores, means: row.expected, trust: 1 });
    return centre(told);
  });
}

/** Least squares of what was seen on what the neighbours say, between not at all and fully. */
export function trustOf(told: readonly Float64Array[], seen: readonly Float64Array[]): number {
  let cross = 0;
  let square = 0;
  let noise = 0;
  told.forEach((row, at) => {
    let own = 0;
    row.forEach((value, model) => {
      own += value * (seen[at]?.[model] ?? 0);
      square += value * value;
    });
    cross += own;
    noise += own * own;
  });
  if (square <= 0 || cross <= 0) return 0;
  const chance = Math.sqrt(noise) / cross;
  return Math.min(1, cross / square) * Math.max(0, 1 - chance * chance);
}

/** Row of each indexed prompt. */
function placesOf(rows: readonly GradedRow[], { size }: NeighbourIndex): Int32Array {
  const places = new Int32Array(size);
  rows.forEach(({ indexRow }, at) => {
    if (indexRow >= 0) places[indexRow] = at;
  });
  return places;
}

/** Scores of the indexed prompts, one row each. */
export function keepScores({
  rows,
  index,
  modelCount,
}: Pick<ResidualInput, 'rows' | 'index' | 'modelCount'>): Float32Array {
  const kept = new Float32Array(index.size * modelCount).fill(Number.NaN);
  placesOf(rows, index).forEach((at, place) => {
    const scores = rows[at]?.scores;
    if (scores) kept.set(scores.subarray(0, modelCount), place * modelCount);
  });
  return kept;
}
