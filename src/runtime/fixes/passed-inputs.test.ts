import { describe, expect, it } from 'vitest';
import type { RunRequest } from '../contract.ts';
import { PassedInputs } from './passed-inputs.ts';

describe('inputs that a program took well', () => {
  const run: RunRequest = {
    language: 'python',
    files: [{ path: 'main.py', bytes: Buffer.from('print(input())') }],
    stdin: Buffer.from('1'),
    customer: 'acme',
  };

  it('stand by the very program of the same customer, and by nobody else', () => {
    const inputs = new PassedInputs();
    inputs.note(run, { stdoutDigest: 'digest' });
    expect(inputs.of({ ...run, stdin: Buffer.from('2') })).toHaveLength(1);
    expect(inputs.of({ ...run, customer: 'globex' })).toEqual([]);
    const { customer: _customer, ...nobodys } = run;
    expect(inputs.of(nobodys)).toEqual([]);
    expect(inputs.of({ ...run, entry: 'other.py' })).toEqual([]);
  });
});
