import { codeIn } from '../../domain/calls/code-block.ts';
import type { Verifier } from '../../gateway/index.ts';
import type { ProgramRunner } from './program-runner.ts';

const maxProgramLength = 200_000;

/** Passes answers whose code passes the tests of the request or of its job, each in a sandbox of its own. */
export function createTestsVerifier(runner: ProgramRunner): Verifier {
  return {
    kind: 'tests',
    version: '1',
    refuses({ tests }) {
      if (!tests) return 'neither the request nor its job brings tests';
      if (runner.languages.includes(tests.language)) return undefined;
      return `no sandbox runs ${tests.language.slice(0, 50)}`;
    },
    async verify({ text }, { tests, timeoutMs }) {
      if (!tests) return { verdict: 'unknown', reason: 'there are no tests' };
      const program = `${tests.prelude}${codeIn(text)}`;
      if (program.length > maxProgramLength) return { verdict: 'fail', reason: 'the program is too long' };
      const result = await runner.run({ language: tests.language, program, tests: tests.tests, timeoutMs });
      if (result.kind === 'passed') return { verdict: 'pass', reason: 'the tests pass' };
      return { verdict: result.kind === 'failed' ? 'fail' : 'unknown', reason: result.reason };
    },
  };
}
