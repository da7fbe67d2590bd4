import { codeIn } from '../../domain/calls/code-block.ts';
import { fail, type Grader, pass, unknown } from './grader.ts';

/** Work for a sandbox: a program with its tests. */
export interface CodeTask {
  readonly language: string;
  /** The program: what stands in the prompt, then the answer. */
  readonly program: string;
  readonly tests: string;
  readonly timeoutMs: number;
}

/** What running it came to. `broken`: the sandbox failed, which says nothing about the program. */
export type CodeResult =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string };

/** Runs programs away from everything else, without network; the runtime brings one. */
export interface CodeRunner {
  readonly languages: readonly string[];
  run(task: CodeTask): Promise<CodeResult>;
}

const defaultTimeoutMs = 10_000;
const maxTimeoutMs = 60_000;
const maxProgramLength = 200_000;

/**
 * `{"code": {"language": "python", "tests": "…", "prelude": "…"}}`: the tests pass with the code of the answer, which
 * is its largest fenced block, or all of it.
 */
export function createCodeGrader(runner: CodeRunner | undefined): Grader {
  return {
    name: 'code',
    version: '1',
    refuses({ code }) {
      if (runner === undefined) return 'there is no sandbox to run code in';
      const asked = readCode(code);
      if (asked === undefined) return 'needs "code": {"language", "tests"}';
      if (runner.languages.includes(asked.language)) return undefined;
      return `the sandbox runs ${runner.languages.join(', ')}, not ${asked.language}`;
    },
    async grade({ text }, { code }) {
      const asked = readCode(code);
      if (runner === undefined || asked === undefined) return unknown('there is no sandbox to run code in');
      const program = `${asked.prelude}${codeIn(text)}`;
      if (program.length > maxProgramLength) return fail(`the program has more than ${maxProgramLength} characters`);
      const { language, tests, timeoutMs } = asked;
      const result = await runner.run({ language, program, tests, timeoutMs });
      if (result.kind === 'passed') return pass('the tests pass');
      return result.kind === 'failed' ? fail(result.reason) : unknown(`the sandbox failed: ${result.reason}`);
    },
  };
}

interface AskedCode extends Omit<CodeTask, 'program'> {
  readonly prelude: string;
}

function readCode(value: unknown): AskedCode | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { language, tests, prelude = '', timeoutMs = defaultTimeoutMs } = value as Partial<Record<string, unknown>>;
  if (typeof language !== 'string' || typeof tests !== 'string' || typeof prelude !== 'string') return undefined;
  const isTime = typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= maxTimeoutMs;
  return isTime ? { language, tests, prelude, timeoutMs } : undefined;
}
