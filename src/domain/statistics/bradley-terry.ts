import { connectedGroups } from './comparison-graph.ts';
import { type Interval, twoSidedWidth } from './normal.ts';
import { type RankRange, rankRanges } from './rank-range.ts';
import { invertSymmetric, timesVector } from './solve-symmetric.ts';

/** One answer held against another on one item. */
export interface Comparison {
  readonly left: string;
  readonly right: string;
  /** 1 when the left side won, 0 when it lost, one half for a tie. */
  readonly score: number;
  readonly item: string;
  readonly weight?: number;
  /** How far the sides differ in style (length, headers …), left less right; as many figures in each comparison. */
  readonly styles?: readonly number[];
}

/** A model's strength among those it is connected with. */
export interface Strength {
  readonly entry: string;
  /** 400 points are odds of ten to one; the group's mean is 1,000. */
  readonly points: number;
  readonly interval: Interval;
  readonly rank: RankRange;
}

/** One table of strengths: entries that no comparison connects are never put into the same one. */
export interface StrengthTable {
  /** Strongest first. */
  readonly strengths: readonly Strength[];
  /** Log-odds per unit of each style difference, with its interval: a judge that likes length shows here. */
  readonly styles: readonly { readonly coefficient: number; readonly interval: Interval }[];
  readonly comparisons: number;
}

const pointsPerLogOdds = 400 / Math.LN10;
const ridgePerComparison = 1e-5;

/** Fits strengths to comparisons by Bradley and Terry, one table per connected group, errors clustered by item. */
export function bradleyTerry(comparisons: readonly Comparison[]): readonly StrengthTable[] {
  return connectedGroups(comparisons).map((entries) => {
    const members = new Set(entries);
    return strengthTable(
      entries,
      comparisons.filter(({ left }) => members.has(left)),
    );
  });
}

interface Row {
  readonly left: number;
  readonly right: number;
  readonly comparison: Comparison;
}

/** Columns: one per entry, then one per style. */
interface Design {
  readonly entries: readonly string[];
  readonly rows: readonly Row[];
  readonly size: number;
}

function strengthTable(entries: readonly string[], comparisons: readonly Comparison[]): StrengthTable {
  const places = new Map(entries.map((entry, at) => [entry, at]));
  const rows = comparisons.map((comparison) => ({
    left: places.get(comparison.left) ?? 0,
    right: places.get(comparison.right) ?? 0,
    comparison,
  }));
  const styleCount = comparisons[0]?.styles?.length ?? 0;
  const design = { entries, rows, size: entries.length + styleCount };
  const { values, inverse } = fit(design);
  const spread = sandwich(design, values, inverse);
  return tabulate(design, values, spread);
}

function fit(design: Design): { values: Float64Array; inverse: Float64Array } {
  const { size, rows } = design;
  const values = new Float64Array(size);
  let inverse: Float64Array = new Float64Array(size * size);
  for (let round = 0; round < 50; round++) {
    const { gradient, curvature } = derivatives(design, values);
    const ridge = ridgePerComparison * rows.length;
    for (let at = 0; at < size; at++) {
      gradient[at] = (gradient[at] ?? 0) - ridge * (values[at] ?? 0);
      curvature[at * size + at] = (curvature[at * size + at] ?? 0) + ridge;
    }
    inverse = invertSymmetric(curvature, size) ?? inverse;
    const step = timesVector(inverse, gradient);
    const longest = step.reduce((largest, part) => Math.max(largest, Math.abs(part)), 0);
    // Lopsided data make the first steps too long; half a dozen log-odds at once is already certainty.
    const scale = longest > 5 ? 5 / longest : 1;
    for (let at = 0; at < size; at++) values[at] = (values[at] ?? 0) + scale * (step[at] ?? 0);
    if (longest < 1e-10) break;
  }
  return { values, inverse };
}

function derivatives(design: Design, values: Float64Array): { gradient: Float64Array; curvature: Float64Array } {
  const { size } = design;
  const gradient = new Float64Array(size);
  const curvature = new Float64Array(size * size);
  for (const row of design.rows) {
    const { residual, slope } = residualOf(row, design, values);
    const cells = cellsOf(row, design);
    for (const [at, part] of cells) {
      gradient[at] = (gradient[at] ?? 0) + residual * part;
      for (const [other, otherPart] of cells) {
        curvature[at * size + other] = (curvature[at * size + other] ?? 0) + slope * part * otherPart;
      }
    }
  }
  return { gradient, curvature };
}

function residualOf(row: Row, design: Design, values: Float64Array): { residual: number; slope: number } {
  let logOdds = 0;
  for (const [at, part] of cellsOf(row, design)) logOdds += part * (values[at] ?? 0);
  const chance = 1 / (1 + Math.exp(-logOdds));
  const weight = row.comparison.weight ?? 1;
  return { residual: weight * (row.comparison.score - chance), slope: weight * chance * (1 - chance) };
}

function cellsOf({ left, right, comparison }: Row, { entries }: Design): readonly (readonly [number, number])[] {
  const styles = comparison.styles ?? [];
  return [[left, 1], [right, -1], ...styles.map((style, at) => [entries.length + at, style] as const)];
}

/** Covariance of the estimates when comparisons of one item stand or fall together. */
function sandwich(design: Design, values: Float64Array, inverse: Float64Array): Float64Array {
  const { size } = design;
  const scores = new Map<string, Float64Array>();
  for (const row of design.rows) {
    const { residual } = residualOf(row, design, values);
    let score = scores.get(row.comparison.item);
    if (score === undefined) scores.set(row.comparison.item, (score = new Float64Array(size)));
    for (const [at, part] of cellsOf(row, design)) score[at] = (score[at] ?? 0) + residual * part;
  }
  const spread = new Float64Array(size * size);
  for (const score of scores.values()) {
    const influence = timesVector(inverse, score);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        spread[row * size + column] =
          (spread[row * size + column] ?? 0) + (influence[row] ?? 0) * (influence[column] ?? 0);
      }
    }
  }
  return spread;
}

function tabulate(design: Design, values: Float64Array, spread: Float64Array): StrengthTable {
  const { entries, size } = design;
  const width = twoSidedWidth(0.95);
  const cell = (row: number, column: number): number => spread[row * size + column] ?? 0;
  const mean = values.subarray(0, entries.length).reduce((sum, value) => sum + value, 0) / entries.length;
  const ranks = rankRanges(entries.length, (first, second) => {
    const error = Math.sqrt(Math.max(0, cell(first, first) + cell(second, second) - 2 * cell(first, second)));
    const gap = (values[first] ?? 0) - (values[second] ?? 0);
    return Math.abs(gap) > width * error ? Math.sign(gap) : 0;
  });
  const strengths = entries.map((entry, at): Strength => {
    const points = 1_000 + pointsPerLogOdds * ((values[at] ?? 0) - mean);
    const half = pointsPerLogOdds * width * Math.sqrt(cell(at, at));
    return { entry, points, interval: [points - half, points + half], rank: ranks[at] ?? { best: 1, worst: 1 } };
  });
  const styles = Array.from({ length: size - entries.length }, (_, style) => {
    const at = entries.length + style;
    const coefficient = values[at] ?? 0;
    const half = width * Math.sqrt(cell(at, at));
    return { coefficient, interval: [coefficient - half, coefficient + half] as const };
  });
  return { strengths: strengths.sort((a, b) => b.points - a.points), styles, comparisons: design.rows.length };
}
