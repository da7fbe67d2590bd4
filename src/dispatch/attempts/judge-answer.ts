import { Fault } from '../../domain/faults/fault.ts';
import type { FinishReason } from '../../domain/calls/stream-part.ts';

/** What is delivered as it is, because asking elsewhere is pointless or not wanted. */
export interface Leniency {
  /** An empty answer was refused once already: a model may say nothing. */
  readonly empty: boolean;
  /** A refusal is the last word, unless the policy says otherwise and another endpoint is left. */
  readonly refusal: boolean;
}

/** Reasons that promise content: an answer that stopped like this and holds nothing is a failure of the host. */
const promisesContent: ReadonlySet<FinishReason> = new Set(['stop', 'stop-sequence', 'tool-calls', 'other']);

/** Is a whole answer worth delivering? A fault when another endpoint should be asked instead. */
export function judgeAnswer(
  answer: { readonly reason: FinishReason | undefined; readonly hasContent: boolean },
  lenient: Leniency,
): Fault | undefined {
  const { reason, hasContent } = answer;
  if (!lenient.refusal && (reason === 'refusal' || reason === 'content-filter')) return new Fault('refused');
  // A filter, a used-up limit or an accepted background job explain themselves.
  const isUnexplained = reason === undefined || promisesContent.has(reason);
  return !lenient.empty && !hasContent && isUnexplained ? new Fault('empty_completion') : undefined;
}
