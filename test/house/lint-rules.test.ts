import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { plantRepository, type PlantedRepository } from './planted-repository.ts';

const linter = join(repositoryRoot, 'node_modules', 'oxlint', 'bin', 'oxlint');

/** A rule, and a source that breaks it and no other. */
const refused: readonly (readonly [rule: string, source: string])[] = [
  ['no-explicit-any', 'export const a: any = 1;'],
  ['no-non-null-assertion', 'export const a = (b: { c?: string }) => b.c!.length;'],
  ['no-console', `console.log('x');`],
  ['no-empty', 'try {\n  globalThis.gc?.();\n} catch {}'],
  ['no-throw-literal', `throw 'x';`],
  ['prefer-promise-reject-errors', `export const a = () => Promise.reject('x');`],
  ['eqeqeq', 'export const a = (b: number) => b == 1;'],
  ['prefer-const', 'let a = 1;\nexport const b = a;'],
  ['no-var', 'var a = 1;\nexport const b = a;'],
  ['no-default-export', 'export default 1;'],
  ['consistent-type-imports', `import { B } from './other.ts';\nexport type A = B;`],
  ['ban-ts-comment', '// @ts-ignore\nexport const a = 1;'],
  ['no-namespace', 'export namespace A {\n  export const b = 1;\n}'],
  ['parameter-properties', 'export class A {\n  constructor(private readonly b: string) {}\n}'],
  ['prefer-node-protocol', `import { join } from 'path';\nexport const a = join;`],
  ['max-params', 'export const a = (b: 1, c: 2, d: 3, e: 4) => [b, c, d, e];'],
  ['max-lines-per-function', `export function a() {\n${'  globalThis.gc?.();\n'.repeat(60)}}`],
  ['max-lines', 'export {};\n'.repeat(401)],
  ['no-restricted-properties', 'export const a = Date.now();'],
  ['no-restricted-properties', 'export const a = Math.random();'],
  ['no-unused-vars', 'const a = 1;\nexport {};'],
  ['no-nested-ternary', 'export const a = (b: number) => (b > 1 ? 1 : b > 0 ? 2 : 3);'],
  ['no-restricted-imports', `import { post } from '../ledger/index.ts';\nexport const a = post;`],
  ['no-restricted-imports', `import type { Post } from '../ledger/index.ts';\nexport type A = Post;`],
  ['no-restricted-imports', `import { attempt } from '../dispatch/attempt.ts';\nexport const a = attempt;`],
  ['no-restricted-imports', `import { attempt } from '../dispatch/inner/index.ts';\nexport const a = attempt;`],
];

describe('the linter', () => {
  let repository: PlantedRepository;
  beforeEach(() => {
    repository = plantRepository();
    for (const file of ['.oxlintrc.json', 'scripts/import-boundaries.gen.json']) {
      cpSync(join(repositoryRoot, file), join(repository.root, file));
    }
  });
  afterEach(() => repository.remove());

  /** One run over everything planted: starting the linter costs more than all its rules. */
  const lint = (): { readonly found: ReadonlyMap<string, readonly string[]>; readonly exitCode: number | null } => {
    const run = spawnSync(process.execPath, [linter, '-f', 'unix'], { cwd: repository.root, encoding: 'utf8' });
    const found = new Map<string, string[]>();
    for (const [, file = '', rule = ''] of run.stdout.matchAll(
      /^([^:\n]+):\d+:\d+:.*\[Error\/[\w-]+\(([\w-]+)\)\]/gm,
    )) {
      const rules = found.get(file) ?? [];
      if (!rules.includes(rule)) rules.push(rule);
      found.set(file, rules);
    }
    return { found, exitCode: run.status };
  };

  it('is content with a clean source, with long tests that read the time, and with a clock in the platform', () => {
    repository.plant('src/gateway/a.ts', `import { b } from '../dispatch/index.ts';\nexport const a = b;\n`);
    repository.plant('src/dispatch/index.ts', 'export const b = 1;\n');
    repository.plant(
      'src/gateway/a.test.ts',
      `import { b } from '../ledger/deep.ts';\nexport const a = [Date.now(), b];\n`,
    );
    repository.plant('src/platform/clock.ts', 'export const now = () => Date.now();\n');
    expect(lint()).toEqual({ found: new Map(), exitCode: 0 });
  });

  it('finds what the house style refuses, each in its own file, and nothing else', () => {
    const expected = new Map<string, readonly string[]>();
    refused.forEach(([rule, source], at) => {
      const file = `src/gateway/planted-${at}.ts`;
      repository.plant(file, `${source}\n`);
      expected.set(file, [rule]);
    });
    repository.plant('src/gateway/a.ts', `import { b } from './b.ts';\nexport const a = () => b;\n`);
    repository.plant('src/gateway/b.ts', `import { a } from './a.ts';\nexport const b = () => a;\n`);
    repository.plant('src/gateway/BadName.ts', 'export const a = 1;\n');
    expected.set('src/gateway/a.ts', ['no-cycle']);
    expected.set('src/gateway/b.ts', ['no-cycle']);
    expected.set('src/gateway/BadName.ts', ['filename-case']);
    const { found, exitCode } = lint();
    const inOrder = (rules: ReadonlyMap<string, readonly string[]>): unknown =>
      Object.fromEntries([...rules].toSorted());
    expect(inOrder(found)).toEqual(inOrder(expected));
    expect(exitCode).toBe(1);
  });
});
