import type { Grade, Grader } from './grader.ts';
import { unknown } from './grader.ts';

/** Calls a grader of the operator's own. */
export interface GraderCaller {
  post(url: string, body: string): Promise<{ readonly status: number; readonly text: string }>;
}

/**
 * Grades by a service of the operator: it is posted `{"answer": {"text", "calls"}, "expected": {…}}` and answers
 * `{"score": 0..1, "reasons": ["…"]}`. A service that fails makes no answer wrong: the grade is then unknown.
 */
export function createHttpGrader(url: string, caller: GraderCaller): Grader {
  return {
    name: 'http',
    version: '1',
    refuses: ({ http }) =>
      http === undefined ? 'needs "http": what the service is to hold the answer against' : undefined,
    async grade(answer, expected) {
      const body = JSON.stringify({
        answer: { text: answer.text, calls: answer.calls ?? [] },
        expected: expected['http'],
      });
      try {
        const { status, text } = await caller.post(url, body);
        return status === 200 ? readGrade(text) : unknown(`the grader answered with status ${status}`);
      } catch (error) {
        return unknown(`the grader could not be asked: ${error instanceof Error ? error.message : 'it failed'}`);
      }
    },
  };
}

function readGrade(text: string): Grade {
  const value: unknown = parse(text);
  if (typeof value !== 'object' || value === null) return unknown('the grader answered no JSON object');
  const { score, reasons } = value as Partial<Record<string, unknown>>;
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) {
    return unknown('the grader gave no score between 0 and 1');
  }
  const told = (Array.isArray(reasons) ? reasons : []).filter((one) => typeof one === 'string').slice(0, 5);
  return { score, verdict: score >= 0.5 ? 'pass' : 'fail', reasons: told.map((one) => one.slice(0, 500)) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told as such by the caller.
    return undefined;
  }
}
