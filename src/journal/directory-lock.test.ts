import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockDirectory } from './directory-lock.ts';
import { temporaryDirectory } from './testing/test-support.ts';

/** The lock of this very process with some fields changed. */
function leaveLock(folder: string, changes: object): void {
  const lock = lockDirectory(folder);
  const path = join(folder, 'lock');
  const mine: object = JSON.parse(readFileSync(path, 'utf8'));
  lock.release();
  writeFileSync(path, JSON.stringify({ ...mine, ...changes }));
}

describe('directory lock', () => {
  it('is refused while its holder lives, and free after release', () => {
    const folder = temporaryDirectory();
    const lock = lockDirectory(folder);
    expect(() => lockDirectory(folder)).toThrow(`in use by process ${process.pid}`);
    lock.release();
    lockDirectory(folder).release();
  });

  it.each([
    ['an earlier boot', { bootId: 'another boot' }],
    ['a dead process', { pid: 2 ** 22 + 1 }],
    ['a process whose pid was given to another', { startTicks: '1' }],
  ])('of %s is taken over', (_whose, changes) => {
    const folder = temporaryDirectory();
    leaveLock(folder, changes);
    const lock = lockDirectory(folder);
    expect(() => lockDirectory(folder)).toThrow(/in use/);
    lock.release();
  });

  it('that is unreadable is taken over', () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'lock'), '');
    lockDirectory(folder).release();
  });

  it('is not released by a process that has lost it', () => {
    const folder = temporaryDirectory();
    const lock = lockDirectory(folder);
    writeFileSync(join(folder, 'lock'), 'somebody else');
    lock.release();
    expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe('somebody else');
  });
});
