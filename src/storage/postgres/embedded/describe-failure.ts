import { DatabaseError } from '../database-error.ts';

/** Turns what a program of the server printed before it gave up into one sentence. */
export function describeFailure(what: string, output: string): DatabaseError {
  if (/no space left on device|disk quota exceeded/i.test(output)) {
    return new DatabaseError('disk_full', `${what}: the disk is full`);
  }
  const reason = /(?:FATAL|PANIC|error): +(.+)/.exec(output)?.[1] ?? output.trim().split('\n').at(-1) ?? '';
  return new DatabaseError('engine_failed', `${what}: ${reason.trim() || 'it gave no reason'}`);
}
