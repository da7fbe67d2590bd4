import { describe, expect, it } from 'vitest';
import type { Receipt, RunEvent, Runner, RunRequest } from '../contract.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { createProgramRunner } from './program-runner.ts';

const program = { language: 'python', program: 'x = 1', tests: 'assert x == 2', timeoutMs: 3000 };

function answering(receipt: Partial<Receipt>, said = ''): { runner: Runner; asked: RunRequest[] } {
  const asked: RunRequest[] = [];
  const whole = { status: 'failed', limitsHit: [], exit: { code: 1, signal: null }, ...receipt } as unknown as Receipt;
  const events: RunEvent[] = [
    { type: 'stderr', bytes: Buffer.from(said) },
    { type: 'receipt', receipt: whole },
  ];
  return {
    asked,
    runner: {
      run(request) {
        asked.push(request);
        return Promise.resolve({
          runId: 'run_1',
          events: async function* () {
            for (const event of events) yield await Promise.resolve(event);
          },
        });
      },
    },
  };
}

describe('programs with tests', () => {
  it('are one file, bounded by the time of the task', async () => {
    const { runner, asked } = answering({ status: 'succeeded' });
    expect(await createProgramRunner(runner).run(program)).toEqual({ kind: 'passed' });
    expect(asked[0]?.limits).toEqual({ cpuMs: 3000, wallMs: 3000 });
    expect(Buffer.from(asked[0]?.files[0]?.bytes ?? []).toString()).toBe('x = 1\nassert x == 2\n');
  });

  it('that fail are told with the end of what they said, and the limit that they met', async () => {
    const { runner } = answering({}, `${'long '.repeat(500)}AssertionError`);
    const result = await createProgramRunner(runner).run(program);
    expect(result).toMatchObject({ kind: 'failed' });
    expect('reason' in result && result.reason.length <= 500 && result.reason.endsWith('AssertionError')).toBe(true);
    const hit = { name: 'cpu', allowed: 3000, observed: 3050 } as const;
    const limited = answering({ status: 'limit', limitsHit: [hit], exit: { code: null, signal: 'SIGKILL' } });
    expect(await createProgramRunner(limited.runner).run(program)).toEqual({
      kind: 'failed',
      reason: 'cpu limit: 3050 of 3000; SIGKILL',
    });
  });

  it('say nothing about the answer where the sandbox broke, was refused, or does not know the language', async () => {
    const broken = createProgramRunner(answering({ status: 'broken' }).runner);
    expect(await broken.run(program)).toMatchObject({ kind: 'broken' });
    const refused: Runner = { run: () => Promise.reject(new Fault('isolation_unavailable')) };
    expect(await createProgramRunner(refused).run(program)).toMatchObject({ kind: 'broken' });
    expect(await broken.run({ ...program, language: 'cobol' })).toMatchObject({ kind: 'broken' });
  });
});
