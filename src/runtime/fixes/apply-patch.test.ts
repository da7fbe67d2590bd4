import { describe, expect, it } from 'vitest';
import type { GuestFile } from '../contract.ts';
import { applyPatch, type Patch, readPatch } from './apply-patch.ts';
import { isPlainPath, protectedBy } from './protected-paths.ts';

const file = (path: string, text: string): GuestFile => ({ path, bytes: Buffer.from(text) });
const original = [
  file('main.py', 'a = 1\nb = 1\n'),
  file('lib/util.py', 'x\n'),
  file('tests/test_main.py', 'assert True\n'),
];
const rules = { isProtected: protectedBy(['checks/**']), partlyShown: new Set(['lib/util.py']) };
const patch = (given: Partial<Patch>): Patch => ({ edits: [], files: [], delete: [], ...given });
const apply = (given: Partial<Patch>) => applyPatch(original, patch(given), rules);

describe('an answer', () => {
  it.each([
    ['{"delete":["a"]}'],
    ['```json\n{"delete":["a"]}\n```'],
    ['Here it is:\n```\n{"delete":["a"]}\n```'],
    ['Sure! {"delete":["a"]} Done.'],
  ])('%j is a patch', (answer) => {
    expect(readPatch(answer)).toEqual(patch({ delete: ['a'] }));
  });

  it.each([
    ['no'],
    ['[]'],
    ['{"edits":{}}'],
    ['{"files":[{"path":"a"}]}'],
    ['{"delete":[1]}'],
    ['{"edits":[{"path":"a","find":1,"replace":""}]}'],
  ])('%j is none', (answer) => {
    expect(readPatch(answer)).toBeUndefined();
  });
});

describe('a patch', () => {
  it('changes a copy and leaves the original', () => {
    const { files } = apply({
      edits: [{ path: 'main.py', find: 'a = 1', replace: 'a = 2' }],
      files: [{ path: 'new/file.py', content: 'y\n' }],
    });
    expect(files?.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual([
      ['main.py', 'a = 2\nb = 1\n'],
      ['lib/util.py', 'x\n'],
      ['tests/test_main.py', 'assert True\n'],
      ['new/file.py', 'y\n'],
    ]);
    expect(Buffer.from(original[0]?.bytes ?? []).toString()).toBe('a = 1\nb = 1\n');
  });

  it.each<[Partial<Patch>, string, string]>([
    [{ edits: [{ path: 'main.py', find: '= 1', replace: '' }] }, 'main.py', 'not_found'],
    [{ edits: [{ path: 'main.py', find: '', replace: 'x' }] }, 'main.py', 'not_found'],
    [{ edits: [{ path: 'none.py', find: 'a', replace: '' }] }, 'none.py', 'not_found'],
    [{ delete: ['none.py'] }, 'none.py', 'not_found'],
    [{ delete: ['tests/test_main.py'] }, 'tests/test_main.py', 'protected'],
    [{ files: [{ path: 'checks/one', content: '' }] }, 'checks/one', 'protected'],
    [{ files: [{ path: 'unittest.py', content: '' }] }, 'unittest.py', 'protected'],
    [{ files: [{ path: '../main.py', content: '' }] }, '../main.py', 'path'],
    [{ files: [{ path: 'lib/util.py', content: 'z' }] }, 'lib/util.py', 'hidden_text'],
    [{ files: [{ path: 'Main.py', content: 'z' }] }, 'Main.py', 'path'],
    [{ files: [{ path: 'lib', content: 'z' }] }, 'lib', 'path'],
    [{ files: [{ path: 'main.py/x', content: 'z' }] }, 'main.py/x', 'path'],
    [{ files: [{ path: 'big', content: 'z'.repeat(600_000) }] }, 'big', 'too_large'],
    [{ files: [{ path: 'main.py', content: 'a = 1\nb = 1\n' }] }, '', 'no_change'],
    [{}, '', 'no_change'],
  ])('%j is refused whole', (given, path, reason) => {
    const good = { edits: [...(given.edits ?? []), { path: 'main.py', find: 'b = 1', replace: 'b = 2' }] };
    expect(apply(given)).toMatchObject({ files: undefined, refusals: [{ path, reason }] });
    if (reason !== 'no_change') expect(apply({ ...given, ...good }).files).toBeUndefined();
  });
});

describe('read-only to every patch', () => {
  const isProtected = protectedBy();
  it.each([
    'test/a.js',
    'src/__tests__/a.ts',
    'a.test.ts',
    'deep/a.spec.js',
    'test_a.py',
    'pkg/a_test.go',
    'conftest.py',
    'TESTS/a.py',
    'switchyard.json',
    'switchyard.yaml',
    'policy.yaml',
    'config/limits.json',
    '.github/workflows/ci.yml',
    '.env',
    'package.json',
    'package-lock.json',
    'requirements-dev.txt',
    'node_modules/a/index.js',
    'sitecustomize.py',
    'pytest.py',
    'unittest/__init__.py',
    'vitest.config.ts',
    'x.pth',
  ])('is %s', (path) => {
    expect(isProtected(path)).toBe(true);
  });

  it.each([
    'main.py',
    'src/index.ts',
    'contest.py',
    'latest/a.js',
    'attest.ts',
    'policy_engine.py',
    'environment.ts',
    'src/limits_of.py',
  ])('is not %s', (path) => {
    expect(isProtected(path)).toBe(false);
  });

  it.each(['', '/a', 'a/../b', './a', 'a//b', 'a/', 'a\\b', 'C:/a', 'a\nb', 'a/. ', 'a.', '..'])(
    '%j is no path at all',
    (path) => {
      expect(isPlainPath(path)).toBe(false);
    },
  );
});
