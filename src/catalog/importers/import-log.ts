import type { IgnoredKey, ImportProblem } from './contract.ts';

const maxProblems = 1000;
const maxKeys = 2000;

/** Collects what an import leaves out: problems by row, fields by name. Both are bounded; problems beyond are counted. */
export class ImportLog {
  readonly problems: ImportProblem[] = [];
  problemCount = 0;
  readonly #ignored = new Map<string, { rows: number; reason: IgnoredKey['reason'] }>();

  problem(problem: ImportProblem): void {
    this.problemCount++;
    if (this.problems.length < maxProblems) this.problems.push({ ...problem, row: problem.row.slice(0, 200) });
  }

  ignore(key: string, reason: IgnoredKey['reason']): void {
    const known = this.#ignored.get(key);
    if (known) known.rows++;
    else if (this.#ignored.size < maxKeys) this.#ignored.set(key.slice(0, 200), { rows: 1, reason });
  }

  ignoredKeys(): IgnoredKey[] {
    return [...this.#ignored]
      .map(([key, { rows, reason }]) => ({ key, rows, reason }))
      .toSorted((left, right) => right.rows - left.rows || (left.key < right.key ? -1 : 1));
  }
}
