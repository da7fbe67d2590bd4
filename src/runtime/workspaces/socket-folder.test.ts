import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newSocketPath, sweepSockets } from './socket-folder.ts';

describe('the folder of sockets where that of programs has too long a path', () => {
  const farAway = `/tmp/${'long/'.repeat(30)}`;
  const usual = `switchyard-sockets-${process.getuid?.() ?? 0}`;
  let shared: string;

  beforeEach(() => {
    shared = mkdtempSync('/tmp/sy-sockets-');
    vi.stubEnv('TMPDIR', shared);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(shared, { recursive: true, force: true });
  });

  it('is one of ours that users of sandboxes can pass through', () => {
    const path = newSocketPath(farAway, 'one');
    expect(dirname(path)).toBe(join(shared, usual));
    expect(lstatSync(dirname(path)).mode & 0o777).toBe(0o711);
  });

  const taken: readonly (readonly [string, (at: string) => void])[] = [
    ['a link', (at) => symlinkSync('/etc', at)],
    ['a link to nowhere', (at) => symlinkSync('/nowhere', at)],
    ['a file', (at) => writeFileSync(at, '')],
    [
      'a folder that everybody may write to',
      (at) => {
        mkdirSync(at);
        chmodSync(at, 0o777);
      },
    ],
  ];
  it.each(taken)('is another one, always the same, where %s has its name', (_what, take) => {
    take(join(shared, usual));
    const before = lstatSync(join(shared, usual)).mode;
    const [one, two] = [newSocketPath(farAway, 'one'), newSocketPath(farAway, 'two')].map((path) => dirname(path));
    expect(one).not.toBe(join(shared, usual));
    expect(two).toBe(one);
    expect(lstatSync(one ?? '').mode & 0o777).toBe(0o711);
    expect(lstatSync(join(shared, usual)).mode).toBe(before);
    const left = join(one ?? '', '1-1-launch.sock');
    writeFileSync(left, '');
    sweepSockets(farAway);
    expect(readdirSync(one ?? '')).toEqual([]);
  });
});
