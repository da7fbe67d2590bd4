import type { TrialAnswer, TrialRequest } from '../functions/index.ts';

/** A request that a version of an app must answer rightly. The fixer is never shown it. */
export interface AppCheck extends TrialRequest {
  readonly name: string;
  readonly expect: {
    /** Anything below 500 when absent. */
    readonly status?: number;
    /** Text that the answer must hold. */
    readonly contains?: string;
  };
}

/** Whether an answer is what was expected; what is wrong with it when not. */
export function wrongAnswer({ expect }: AppCheck, answer: TrialAnswer): string | undefined {
  if (answer.hasFailed) return answer.limit === undefined ? 'it threw or ended' : `it met the limit ${answer.limit}`;
  if (expect.status === undefined && answer.status >= 500) return `it answered ${answer.status}`;
  if (expect.status !== undefined && answer.status !== expect.status) {
    return `it answered ${answer.status} and not ${expect.status}`;
  }
  if (expect.contains !== undefined && !answer.text.includes(expect.contains))
    return 'its answer lacks what it must hold';
  return undefined;
}
