/** Rows with few columns, all of them filled; each row belongs to a block of coefficients of its own. */
export interface DenseDesign {
  readonly rows: number;
  readonly columns: number;
  /** rows x columns. */
  readonly values: Float32Array;
  readonly blocks: number;
  /** Block of each row; negative: it teaches nothing and is predicted as nothing. */
  readonly block: Int32Array;
}

/** What is to be predicted, and in which parts rows are held out. */
export interface DenseTargets {
  /** rows x width. */
  readonly values: Float64Array;
  readonly width: number;
  readonly folds: Int32Array;
  readonly foldCount: number;
}

/**
 * Ridge regressions with few columns, solved exactly: squares and products are summed once per fold, so that leaving a
 * fold out or changing the penalty costs a small system of equations and no look at the rows.
 */
export class DenseRidge {
  readonly #design: DenseDesign;
  readonly #targets: DenseTargets;
  /** Per fold and block: columns x columns. */
  readonly #squares: Float64Array;
  /** Per fold and block: columns x width. */
  readonly #products: Float64Array;

  constructor(design: DenseDesign, targets: DenseTargets) {
    const { columns, blocks } = design;
    this.#design = design;
    this.#targets = targets;
    this.#squares = new Float64Array(targets.foldCount * blocks * columns * columns);
    this.#products = new Float64Array(targets.foldCount * blocks * columns * targets.width);
    for (let row = 0; row < design.rows; row++) this.#add(row);
  }

  /** Coefficients, blocks x columns x width, learned from all folds but one; -1 leaves none out. */
  solve(penalty: number, heldOut: number): Float64Array {
    const { columns, blocks } = this.#design;
    const { width } = this.#targets;
    const solution = new Float64Array(blocks * columns * width);
    for (let block = 0; block < blocks; block++) {
      const matrix = this.#sumOver(this.#squares, { block, size: columns * columns, heldOut });
      const right = this.#sumOver(this.#products, { block, size: columns * width, heldOut });
      for (let at = 0; at < columns; at++) matrix[at * columns + at] = (matrix[at * columns + at] ?? 0) + penalty;
      solvePositive(matrix, right, { size: columns, width });
      solution.set(right, block * columns * width);
    }
    return solution;
  }

  /** Predictions of every row by coefficients that had not seen its fold: rows x width. */
  heldOut(penalty: number): Float64Array {
    const { rows } = this.#design;
    const { width, folds, foldCount } = this.#targets;
    const predicted = new Float64Array(rows * width);
    for (let fold = 0; fold < foldCount; fold++) {
      const solution = this.solve(penalty, fold);
      for (let row = 0; row < rows; row++)
        if (folds[row] === fold) predictRow(this.#design, row, { solution, width, into: predicted });
    }
    return predicted;
  }

  #add(row: number): void {
    const { columns, values, block: blockOf, blocks } = this.#design;
    const { values: targets, width, folds } = this.#targets;
    const block = blockOf[row] ?? -1;
    if (block < 0) return;
    const place = (folds[row] ?? 0) * blocks + block;
    const first = row * columns;
    for (let at = 0; at < columns; at++) {
      const value = values[first + at] ?? 0;
      if (value === 0) continue;
      const square = (place * columns + at) * columns;
      for (let to = 0; to <= at; to++)
        this.#squares[square + to] = (this.#squares[square + to] ?? 0) + value * (values[first + to] ?? 0);
      const product = (place * columns + at) * width;
      for (let target = 0; target < width; target++)
        this.#products[product + target] =
          (this.#products[product + target] ?? 0) + value * (targets[row * width + target] ?? 0);
    }
  }

  #sumOver(values: Float64Array, of: { block: number; size: number; heldOut: number }): Float64Array {
    const { block, size, heldOut } = of;
    const sum = new Float64Array(size);
    for (let fold = 0; fold < this.#targets.foldCount; fold++) {
      if (fold === heldOut) continue;
      const first = (fold * this.#design.blocks + block) * size;
      for (let at = 0; at < size; at++) sum[at] = (sum[at] ?? 0) + (values[first + at] ?? 0);
    }
    return sum;
  }
}

/** Writes what the coefficients say of one row. */
export function predictRow(
  { columns, values, block }: DenseDesign,
  row: number,
  { solution, width, into }: { solution: Float64Array; width: number; into: Float64Array },
): void {
  const own = block[row] ?? -1;
  if (own < 0) return;
  let from = own * columns * width;
  for (let at = 0; at < columns; at++) {
    const value = values[row * columns + at] ?? 0;
    for (let target = 0; target < width; target++, from++)
      into[row * width + target] = (into[row * width + target] ?? 0) + value * (solution[from] ?? 0);
  }
}

/** Solves in place by Cholesky's factorisation; of the symmetric positive matrix only the lower half is read. */
function solvePositive(
  matrix: Float64Array,
  right: Float64Array,
  { size, width }: { size: number; width: number },
): void {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column] ?? 0;
      for (let at = 0; at < column; at++) sum -= (matrix[row * size + at] ?? 0) * (matrix[column * size + at] ?? 0);
      matrix[row * size + column] =
        row === column ? Math.sqrt(Math.max(1e-12, sum)) : sum / (matrix[column * size + column] ?? 1);
    }
  }
  for (let target = 0; target < width; target++) {
    for (let row = 0; row < size; row++) {
      let sum = right[row * width + target] ?? 0;
      for (let at = 0; at < row; at++) sum -= (matrix[row * size + at] ?? 0) * (right[at * width + target] ?? 0);
      right[row * width + target] = sum / (matrix[row * size + row] ?? 1);
    }
    for (let row = size - 1; row >= 0; row--) {
      let sum = right[row * width + target] ?? 0;
      for (let at = row + 1; at < size; at++) sum -= (matrix[at * size + row] ?? 0) * (right[at * width + target] ?? 0);
      right[row * width + target] = sum / (matrix[row * size + row] ?? 1);
    }
  }
}
