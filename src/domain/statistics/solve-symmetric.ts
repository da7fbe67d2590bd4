/** Inverse of a symmetric positive definite matrix held row by row; undefined when it is not. */
export function invertSymmetric(matrix: Float64Array, size: number): Float64Array | undefined {
  const work = Float64Array.from(matrix);
  const inverse = new Float64Array(size * size);
  for (let at = 0; at < size; at++) inverse[at * size + at] = 1;
  for (let column = 0; column < size; column++) {
    const pivot = work[column * size + column] ?? 0;
    if (!(pivot > 0)) return undefined;
    for (let at = 0; at < size; at++) {
      work[column * size + at] = (work[column * size + at] ?? 0) / pivot;
      inverse[column * size + at] = (inverse[column * size + at] ?? 0) / pivot;
    }
    for (let row = 0; row < size; row++) {
      const factor = row === column ? 0 : (work[row * size + column] ?? 0);
      if (factor === 0) continue;
      for (let at = 0; at < size; at++) {
        work[row * size + at] = (work[row * size + at] ?? 0) - factor * (work[column * size + at] ?? 0);
        inverse[row * size + at] = (inverse[row * size + at] ?? 0) - factor * (inverse[column * size + at] ?? 0);
      }
    }
  }
  return inverse;
}

/** A square matrix, held row by row, times a vector. */
export function timesVector(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  return Float64Array.from(vector, (_, row) => {
    let sum = 0;
    for (let at = 0; at < size; at++) sum += (matrix[row * size + at] ?? 0) * (vector[at] ?? 0);
    return sum;
  });
}
