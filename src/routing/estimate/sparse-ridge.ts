/** Rows of a sparse matrix, one after the other; columns are numbered densely. */
export interface SparseDesign {
  readonly rows: number;
  readonly columns: number;
  /** Row r holds the entries from starts[r] to starts[r + 1]. */
  readonly starts: Int32Array;
  readonly column: Int32Array;
  readonly value: Float32Array;
}

/** A ridge regression with several targets at once. */
export interface RidgeProblem {
  readonly design: SparseDesign;
  /** rows x targets. */
  readonly targets: Float64Array;
  readonly targetCount: number;
  /** 1 for the rows to learn from, 0 for those left out. */
  readonly rowWeights: Float64Array;
  readonly penalty: number;
}

const maxIterations = 30;
const tolerance = 0.01;

/**
 * Coefficients, columns x targets. Solved by conjugate gradients on one unknown per row (there are fewer rows than
 * columns): alpha of (X X' + penalty) alpha = targets, then X' alpha.
 */
export function solveRidge(problem: RidgeProblem): Float64Array {
  const { design, targetCount: width } = problem;
  const alpha = solveRows(problem);
  const solution = new Float64Array(design.columns * width);
  multiplyTransposed(design, { from: alpha, into: solution, width });
  return solution;
}

function solveRows({ design, targets, targetCount: width, rowWeights, penalty }: RidgeProblem): Float64Array {
  const size = design.rows * width;
  const alpha = new Float64Array(size);
  const residual = new Float64Array(size);
  for (let row = 0; row < design.rows; row++) {
    if ((rowWeights[row] ?? 0) === 0) continue;
    for (let at = row * width; at < (row + 1) * width; at++) residual[at] = targets[at] ?? 0;
  }
  const direction = Float64Array.from(residual);
  const product = new Float64Array(size);
  const columns = new Float64Array(design.columns * width);
  let norms = columnDots(residual, residual, width);
  const enough = norms.map((norm) => tolerance * tolerance * norm + 1e-14);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (norms.every((norm, at) => norm <= (enough[at] ?? 0))) break;
    columns.fill(0);
    multiplyTransposed(design, { from: direction, into: columns, width });
    multiply(design, { from: columns, into: product, width });
    for (let row = 0; row < design.rows; row++) {
      const isUsed = (rowWeights[row] ?? 0) !== 0;
      for (let at = row * width; at < (row + 1) * width; at++)
        product[at] = isUsed ? (product[at] ?? 0) + penalty * (direction[at] ?? 0) : 0;
    }
    const curvatures = columnDots(direction, product, width);
    const steps = norms.map((norm, at) => ((curvatures[at] ?? 0) > 0 ? norm / (curvatures[at] ?? 1) : 0));
    step(alpha, { by: steps, along: direction });
    step(residual, { by: steps.map((value) => -value), along: product });
    const next = columnDots(residual, residual, width);
    const ratios = next.map((value, at) => ((norms[at] ?? 0) > 0 ? value / (norms[at] ?? 1) : 0));
    for (let row = 0; row < design.rows; row++) {
      for (let target = 0; target < width; target++) {
        const at = row * width + target;
        direction[at] = (residual[at] ?? 0) + (ratios[target] ?? 0) * (direction[at] ?? 0);
      }
    }
    norms = next;
  }
  return alpha;
}

/** Moves each target of `values` by its own length along a direction. */
function step(values: Float64Array, { by, along }: { by: Float64Array; along: Float64Array }): void {
  const width = by.length;
  for (let first = 0; first < values.length; first += width) {
    for (let target = 0; target < width; target++) {
      const at = first + target;
      values[at] = (values[at] ?? 0) + (by[target] ?? 0) * (along[at] ?? 0);
    }
  }
}

interface Product {
  readonly from: Float64Array;
  readonly into: Float64Array;
  readonly width: number;
}

/** Predictions of every row: rows x targets. */
export function multiply(design: SparseDesign, { from, into, width }: Product): void {
  const { starts, column, value } = design;
  into.fill(0);
  for (let row = 0; row < design.rows; row++) {
    const end = starts[row + 1] ?? 0;
    for (let at = starts[row] ?? 0; at < end; at++) {
      const base = (column[at] ?? 0) * width;
      const factor = value[at] ?? 0;
      const to = row * width;
      for (let target = 0; target < width; target++)
        into[to + target] = (into[to + target] ?? 0) + factor * (from[base + target] ?? 0);
    }
  }
}

function multiplyTransposed(design: SparseDesign, { from, into, width }: Product): void {
  const { starts, column, value } = design;
  for (let row = 0; row < design.rows; row++) {
    const end = starts[row + 1] ?? 0;
    const base = row * width;
    for (let at = starts[row] ?? 0; at < end; at++) {
      const to = (column[at] ?? 0) * width;
      const factor = value[at] ?? 0;
      for (let target = 0; target < width; target++)
        into[to + target] = (into[to + target] ?? 0) + factor * (from[base + target] ?? 0);
    }
  }
}

function columnDots(left: Float64Array, right: Float64Array, width: number): Float64Array {
  const dots = new Float64Array(width);
  for (let first = 0; first < left.length; first += width) {
    for (let target = 0; target < width; target++)
      dots[target] = (dots[target] ?? 0) + (left[first + target] ?? 0) * (right[first + target] ?? 0);
  }
  return dots;
}
