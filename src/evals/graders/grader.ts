import type { JsonObject } from '../../domain/calls/model-call.ts';

/** A tool call of an answer, arguments as the model wrote them. */
export interface AnsweredCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/** What a grader is shown of an answer. */
export interface GradedAnswer {
  readonly text: string;
  readonly calls?: readonly AnsweredCall[];
}

/** What a grader is told to hold an answer against; each grader reads its own fields. */
export type Expectation = JsonObject;

/** What a grader found. */
export interface Grade {
  /** 0 wrong to 1 right; null when nothing can be said, which is no failure. */
  readonly score: number | null;
  readonly verdict: 'pass' | 'fail' | 'unknown';
  /** In plain words, most important first. */
  readonly reasons: readonly string[];
  /** What grading itself cost; judges and graders behind HTTP. */
  /** null: something was spent, and nobody knows how much. */
  readonly costNanos?: bigint | null;
}

/**
 * The one contract of graders. `version` is part of every score: another rule is another series. A pure grader answers
 * at once and needs nothing.
 */
export interface Grader {
  readonly name: string;
  readonly version: string;
  /** Why an expectation cannot be graded by; undefined when it can. Asked before any money is spent. */
  refuses(expected: Expectation): string | undefined;
  grade(answer: GradedAnswer, expected: Expectation): Grade | Promise<Grade>;
}

/** Right, in a few words why. */
export function pass(...reasons: readonly string[]): Grade {
  return { score: 1, verdict: 'pass', reasons };
}

/** Wrong, in a few words why. */
export function fail(...reasons: readonly string[]): Grade {
  return { score: 0, verdict: 'fail', reasons };
}

/** Nothing can be said: the grader itself could not work. */
export function unknown(...reasons: readonly string[]): Grade {
  return { score: null, verdict: 'unknown', reasons };
}

/** Quotes a piece of text for a reason. */
export function quoted(text: string, maxLength = 60): string {
  const short = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return JSON.stringify(short);
}
