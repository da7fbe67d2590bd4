import type { Verifier } from '../../gateway/index.ts';
import { createHttpGrader, type GraderCaller } from './http.ts';

const maxPromptLength = 32_000;

/**
 * Passes answers that the operator's own grader gives at least half: it is asked as in evaluations, with the prompt and
 * the job as what is expected.
 */
export function createHttpVerifier(caller: GraderCaller): Verifier {
  return {
    kind: 'http',
    version: '1',
    refuses: ({ url }) => (url === undefined ? 'the job names no service to ask' : undefined),
    async verify(answer, { url = '', requestId, job, promptText }) {
      const prompt = promptText().slice(0, maxPromptLength);
      const grade = await createHttpGrader(url, caller).grade(answer, { http: { requestId, job, prompt } });
      const [reason = 'the grader gave no reason'] = grade.reasons;
      return { verdict: grade.verdict, reason };
    },
  };
}
