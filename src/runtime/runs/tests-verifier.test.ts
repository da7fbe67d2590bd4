import { expect, it } from 'vitest';
import type { VerifierDemand } from '../../gateway/index.ts';
import type { Program, ProgramResult, ProgramRunner } from './program-runner.ts';
import { createTestsVerifier } from './tests-verifier.ts';

const tests = { language: 'python', tests: 'assert f(1) == 1', prelude: 'import math\n' };
const demand: VerifierDemand = {
  requestId: 'req_1',
  job: 'code',
  customer: 'acme',
  timeoutMs: 3000,
  tests,
  promptText: () => '',
};

function verifierWith(result: ProgramResult) {
  const ran: Program[] = [];
  const runner: ProgramRunner = {
    languages: ['python'],
    run(program) {
      ran.push(program);
      return Promise.resolve(result);
    },
  };
  return { ran, verifier: createTestsVerifier(runner) };
}

it('runs the code of an answer with the tests of its request, within the time of the job', async () => {
  const { ran, verifier } = verifierWith({ kind: 'passed' });
  const text = 'Here:\n```python\ndef f(s): return s\n```';
  expect(await verifier.verify({ text, calls: [] }, demand)).toMatchObject({ verdict: 'pass' });
  expect(ran).toEqual([
    { language: 'python', program: 'import math\ndef f(s): return s\n', tests: tests.tests, timeoutMs: 3000 },
  ]);
});

it('tells what fails from what could not be tried', async () => {
  const verdictOf = async (result: ProgramResult) =>
    (await verifierWith(result).verifier.verify({ text: 'x', calls: [] }, demand)).verdict;
  expect(await verdictOf({ kind: 'failed', reason: 'AssertionError' })).toBe('fail');
  expect(await verdictOf({ kind: 'broken', reason: 'no sandbox' })).toBe('unknown');
  const { ran, verifier } = verifierWith({ kind: 'passed' });
  const text = 'x'.repeat(300_000);
  expect((await verifier.verify({ text, calls: [] }, demand)).verdict).toBe('fail');
  expect(ran).toEqual([]);
});

it('refuses requests without tests, or in a language that no sandbox runs', () => {
  const { verifier } = verifierWith({ kind: 'passed' });
  expect(verifier.refuses(demand)).toBeUndefined();
  expect(verifier.refuses({ ...demand, tests: undefined })).toContain('tests');
  expect(verifier.refuses({ ...demand, tests: { ...tests, language: 'cobol' } })).toContain('cobol');
});
