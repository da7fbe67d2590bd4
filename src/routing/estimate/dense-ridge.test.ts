import { describe, expect, it } from 'vitest';
import { DenseRidge } from './dense-ridge.ts';

const design = {
  rows: 4,
  columns: 2,
  values: Float32Array.from([1, 0, 0, 1, 1, 0, 0, 1]),
  blocks: 2,
  block: Int32Array.from([0, 0, 1, -1]),
};
const targets = {
  values: Float64Array.from([3, 6, 9, 12]),
  width: 1,
  folds: Int32Array.from([0, 1, 0, 1]),
  foldCount: 2,
};

describe('a ridge with few columns', () => {
  it('solves each block by itself, shrunk by the penalty, and learns nothing from rows without a block', () => {
    const solution = new DenseRidge(design, targets).solve(2, -1);
    expect(Array.from(solution, (value) => Number(value.toFixed(9)))).toEqual([1, 2, 3, 0]);
  });

  it('predicts a row by what the other folds taught', () => {
    const held = new DenseRidge(design, targets).heldOut(2);
    // The rows of block 0 share no column, and block 1 has one row: each is predicted without itself.
    expect([...held]).toEqual([0, 0, 0, 0]);
  });
});
