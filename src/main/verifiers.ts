import { createHttpVerifier } from '../evals/index.ts';
import type { Verifier } from '../gateway/index.ts';
import { createProgramRunner, createTestsVerifier } from '../runtime/index.ts';
import { graderCaller } from './evals.ts';
import type { ProductRuntime } from './runtime.ts';

/** What may stand between the models of a cascade: tests in sandboxes, and the operator's own grader. */
export function openVerifiers({ runs }: Pick<ProductRuntime, 'runs'>): readonly Verifier[] {
  return [createTestsVerifier(createProgramRunner(runs)), createHttpVerifier(graderCaller)];
}
