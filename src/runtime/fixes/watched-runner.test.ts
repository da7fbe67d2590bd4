import { describe, expect, it } from 'vitest';
import type { GuestFile, RunRequest } from '../contract.ts';
import type { ToldFailure } from './failure-book.ts';
import { packProgram, unpackProgram } from './failure-record.ts';
import { runSubject } from './run-subject.ts';
import { toyRunner } from './testing/toy-runner.ts';
import { runOnce } from './verify-by-runs.ts';
import { watchRuns } from './watched-runner.ts';

const file = (path: string, text: string): GuestFile => ({ path, bytes: Buffer.from(text) });
const program = [file('main.toy', 'push 2\nadd')];

describe('a runner that is watched', () => {
  const told: ToldFailure[] = [];
  const note = (failure: ToldFailure): never => told.push(failure) as never;
  const request = (stdin: string, files = program): RunRequest => ({
    language: 'shell',
    files,
    stdin: Buffer.from(stdin),
    environment: { API_TOKEN: 'the-very-secret' },
  });

  it('keeps nothing of runs that end well, and of others all that it takes to try them again', async () => {
    const runner = watchRuns(toyRunner(), { note });
    await runOnce(runner, request('1'));
    expect(told).toEqual([]);
    await runOnce(runner, request('1', [file('main.toy', 'fail token the-very-secret is wrong')]));
    const [failure] = told.splice(0);
    expect(failure?.report.stderrTail).toBe('main.toy: line 1: token [hidden] is wrong\n');
    expect(failure?.report.frames).toEqual([{ path: 'main.toy', line: 1 }]);
    expect(failure?.environment).toEqual({ API_TOKEN: 'the-very-secret' });
    expect(JSON.stringify(failure?.program)).not.toContain('the-very-secret');
  });

  it('remembers inputs that the very program took well: a fix must still take them', async () => {
    // Fails on one input only.
    const failing = [file('main.toy', 'push 192\nadd\ndup\ndiv\npush 7\nadd')];
    const runner = watchRuns(toyRunner(), { note });
    for (const stdin of ['1', '2']) await runOnce(runner, request(stdin, failing));
    await runOnce(runner, request('-192', failing));
    const [failure] = told.splice(0);
    const packed = packProgram(failure?.program ?? {});
    const kept = unpackProgram<ToldFailure['program']>(packed ?? Buffer.alloc(0));
    expect(kept.regressions).toMatchObject([
      { isHidden: true, arguments: [], stdin: Buffer.from('1') },
      { isHidden: true, arguments: [], stdin: Buffer.from('2') },
    ]);
    if (kept.run === undefined) throw new Error('no run was kept');
    const subject = runSubject({
      runner: toyRunner(),
      program: { ...kept, run: kept.run },
      environment: {},
      checks: [],
    });
    expect(await subject.reproduce()).toMatchObject({ kind: 'failed' });
    const forgets = [file('main.toy', 'push 0\nmul')];
    expect(await subject.verify(forgets, { number: 1, requestId: undefined })).toMatchObject({
      kind: 'failed',
      isHidden: true,
    });
  });
});
