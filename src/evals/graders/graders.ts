import { choiceGrader } from './choice.ts';
import { type CodeRunner, createCodeGrader } from './code.ts';
import { exactGrader } from './exact.ts';
import type { Expectation, Grader } from './grader.ts';
import { createHttpGrader, type GraderCaller } from './http.ts';
import { instructionsGrader } from './instructions.ts';
import { createJsonSchemaGrader } from './json-schema.ts';
import { normalisedGrader } from './normalised.ts';
import { numericGrader } from './numeric.ts';
import { toolCallGrader } from './tool-call.ts';

/** What graders that are not pure need. */
export interface GraderParts {
  readonly codeRunner?: CodeRunner | undefined;
  readonly http?: { readonly url: string; readonly caller: GraderCaller } | undefined;
}

/** Field of an expectation → the grader that reads it. */
export type Graders = ReadonlyMap<string, Grader>;

/** Every grader that decides; a judge is no such grader. */
export function createGraders({ codeRunner, http }: GraderParts = {}): Graders {
  const graders = new Map<string, Grader>([
    ['exact', exactGrader],
    ['normalised', normalisedGrader],
    ['numeric', numericGrader],
    ['choice', choiceGrader],
    ['schema', createJsonSchemaGrader()],
    ['calls', toolCallGrader],
    ['instructions', instructionsGrader],
    ['code', createCodeGrader(codeRunner)],
  ]);
  if (http) graders.set('http', createHttpGrader(http.url, http.caller));
  return graders;
}

/** Graders that an expectation asks for, or why it cannot be graded. */
export function gradersFor(expected: Expectation, graders: Graders): readonly Grader[] | { readonly problem: string } {
  const found = [...graders].filter(([field]) => expected[field] !== undefined);
  if (found.length === 0) {
    const only = expected['judge'] === undefined ? '' : 'a judge never decides alone; ';
    return { problem: `${only}say what is right by one of ${[...graders.keys()].join(', ')}` };
  }
  for (const [field, grader] of found) {
    const problem = grader.refuses(expected);
    if (problem !== undefined) return { problem: `${field}: ${problem}` };
  }
  return found.map(([, grader]) => grader);
}
