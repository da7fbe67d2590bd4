import { Fault } from '../../../domain/faults/fault.ts';

/** One field that is wrong, and how to mend it. */
export interface FieldProblem {
  /** Path of the field, `a.b.0`; `body` for the whole. */
  readonly field: string;
  readonly detail: string;
}

/** Input that no handler ever sees, with every field at fault. */
export class InputFault extends Fault {
  readonly problems: readonly FieldProblem[];

  constructor(problems: readonly FieldProblem[]) {
    const [first] = problems;
    super('invalid_request', {
      message: problems.map(({ field, detail }) => `${field} ${detail}`).join('; ') + '.',
      ...(first !== undefined && { param: first.field }),
    });
    this.problems = problems;
  }
}
