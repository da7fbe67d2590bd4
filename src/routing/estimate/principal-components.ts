/** Directions in which models differ most, each of unit length, with the share of the spread they hold. */
export interface Components {
  /** One row per component, each as long as there are models. */
  readonly directions: readonly Float64Array[];
  readonly variances: readonly number[];
}

/** Largest eigenvectors of a symmetric matrix by Jacobi rotations; small matrices only (models, not prompts). */
export function principalComponents(matrix: readonly Float64Array[], most: number): Components {
  const size = matrix.length;
  const work = matrix.map((row) => Float64Array.from(row));
  const vectors = matrix.map((_, at) => Float64Array.from({ length: size }, (__, to) => (at === to ? 1 : 0)));
  for (let sweep = 0; sweep < 30 && offDiagonal(work) > 1e-18; sweep++) {
    for (let p = 0; p < size - 1; p++) for (let q = p + 1; q < size; q++) rotate(work, vectors, [p, q]);
  }
  const order = work.map((row, at) => ({ at, value: row[at] ?? 0 })).sort((left, right) => right.value - left.value);
  const kept = order.slice(0, most).filter(({ value }) => value > 1e-9);
  return {
    directions: kept.map(({ at }) => Float64Array.from(vectors, (row) => row[at] ?? 0)),
    variances: kept.map(({ value }) => value),
  };
}

function offDiagonal(matrix: readonly Float64Array[]): number {
  let sum = 0;
  matrix.forEach((row, at) => row.forEach((value, to) => (sum += at === to ? 0 : value * value)));
  return sum;
}

function rotate(work: Float64Array[], vectors: Float64Array[], [p, q]: readonly [number, number]): void {
  const rowP = work[p] ?? new Float64Array();
  const rowQ = work[q] ?? new Float64Array();
  const cross = rowP[q] ?? 0;
  if (Math.abs(cross) < 1e-15) return;
  const theta = ((rowQ[q] ?? 0) - (rowP[p] ?? 0)) / (2 * cross);
  const tangent = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  const turn = (row: Float64Array): void => {
    const left = row[p] ?? 0;
    const right = row[q] ?? 0;
    row[p] = cosine * left - sine * right;
    row[q] = sine * left + cosine * right;
  };
  for (const row of work) turn(row);
  for (let at = 0; at < work.length; at++) {
    const left = rowP[at] ?? 0;
    const right = rowQ[at] ?? 0;
    rowP[at] = cosine * left - sine * right;
    rowQ[at] = sine * left + cosine * right;
  }
  for (const row of vectors) turn(row);
}
