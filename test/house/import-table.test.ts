import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowedImports } from '../../scripts/import-table.mjs';
import { findCycles, importViolations } from '../../scripts/lib/import-rules.mjs';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { runtimePackages } from '../../scripts/lib/run-checks.mjs';
import { importsOf } from '../../scripts/lib/scan-imports.mjs';
import { plantRepository, type PlantedRepository } from './planted-repository.ts';

describe('imports of src', () => {
  it('follow the import table', () => {
    expect(importViolations(join(repositoryRoot, 'src'), runtimePackages(repositoryRoot))).toEqual([]);
  });

  it('leave each module that others may import a public face', () => {
    const modules = Object.keys(allowedImports).filter((module) => existsSync(join(repositoryRoot, 'src', module)));
    // The face of main is main.ts beside its folder.
    const faces = (module: string): string[] => [`${module}/index.ts`, `${module}.ts`];
    const faceless = modules.filter((module) =>
      faces(module).every((face) => !existsSync(join(repositoryRoot, 'src', face))),
    );
    expect(faceless.filter((module) => !['domain', 'platform'].includes(module))).toEqual([]);
  });
});

describe('the import table', () => {
  it('names only modules that have a row', () => {
    const named = Object.values(allowedImports).flat();
    expect(named.filter((module) => allowedImports[module] === undefined)).toEqual([]);
  });

  it('allows no circle but the command that starts the product', () => {
    const table = Object.entries(allowedImports).map(
      ([from, to]) => [from, to.filter((module) => module !== 'main')] as const,
    );
    expect(findCycles(new Map(table))).toEqual([]);
  });

  it('finds a circle exactly when following edges leads back', () => {
    const edge = fc.tuple(fc.nat(6), fc.nat(6)).filter(([from, to]) => from !== to);
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 14 }), (edges) => {
        const graph = new Map<string, string[]>();
        for (const [from, to] of edges) graph.set(`${from}`, [...(graph.get(`${from}`) ?? []), `${to}`]);
        expect(findCycles(graph).length > 0).toBe([...graph.keys()].some((node) => reaches(graph, node)));
      }),
    );
  });
});

function reaches(graph: ReadonlyMap<string, readonly string[]>, start: string): boolean {
  const seen = new Set<string>();
  const queue = [...(graph.get(start) ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next === start) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(graph.get(next) ?? []));
  }
  return false;
}

describe('the scan of imports', () => {
  let repository: PlantedRepository;
  beforeEach(() => (repository = plantRepository()));
  afterEach(() => repository.remove());

  const violations = (): readonly string[] => importViolations(repository.root, new Set(['zod', '@scope/known']));

  it('throws when it sees no file, and when it sees files without an import', () => {
    expect(violations).toThrow('no sources');
    repository.plant('domain/money.ts', 'export const zero = 0n;\n');
    expect(violations).toThrow('no imports');
  });

  it.each([
    ['gateway/run.ts', `import { post } from '../ledger/index.ts';`, 'gateway may not import ledger'],
    ['gateway/run.ts', `import type { Post } from '../ledger/index.ts';`, 'gateway may not import ledger'],
    ['gateway/run.ts', `export * from '../ledger/index.ts';`, 'gateway may not import ledger'],
    [
      'gateway/deep/run.ts',
      `import {\n  post,\n  rate,\n} from '../../ledger/index.ts';`,
      'gateway may not import ledger',
    ],
    ['gateway/run.ts', `import '../ledger/index.ts';`, 'gateway may not import ledger'],
    ['gateway/run.ts', `const a = async () => import('../ledger/index.ts');`, 'gateway may not import ledger'],
    ['gateway/run.ts', `import { attempt } from '../dispatch/attempt.ts';`, 'only dispatch/index.ts is public'],
    ['gateway/run.ts', `import { x } from '../journal/contract.ts';`, 'use import type'],
    ['gateway/run.ts', `import { start } from '../main.ts';`, 'gateway may not import main'],
    ['gateway/run.ts', `import { attempt } from '../dispatch/index.js';`, 'the extension .ts is missing'],
    ['gateway/run.ts', `import { x } from '../../scripts/x.ts';`, 'outside src'],
    ['gateway/run.ts', `import { chat } from 'openai/resources';`, 'openai is not a runtime dependency'],
    ['gateway/run.ts', `import { client } from '@switchyard/sdk';`, 'gateway may not import @switchyard/sdk'],
    ['domain/money.ts', `import { readFileSync } from 'node:fs';`, 'domain is pure'],
    ['domain/money.ts', `import { clock } from '../platform/clock.ts';`, 'domain may not import platform'],
    ['cli/serve.ts', `import { start } from '../main.ts';`, 'main may only be imported lazily'],
    ['cli/offline/verify.ts', `import { read } from '../../journal/index.ts';`, 'cli may not import journal'],
    ['novelty/x.ts', `import { money } from '../domain/money.ts';`, 'no row in scripts/import-table.mjs'],
  ])('refuses in %s: %s', (path, source, reason) => {
    repository.plant(path, `${source}\n`);
    expect(violations().join('\n')).toContain(reason);
  });

  it.each([
    ['gateway/run.ts', `import { attempt } from '../dispatch/index.ts';`],
    ['gateway/run.ts', `import type { Frame } from '../journal/contract.ts';`],
    ['gateway/run.ts', `import { money } from '../domain/money.ts';`],
    [
      'gateway/run.ts',
      `import { z } from 'zod';\nimport { k } from '@scope/known/sub';\nimport { join } from 'node:path';`,
    ],
    ['gateway/run.test.ts', `import { post } from '../ledger/deep/post.ts';`],
    ['cli/serve.ts', `const serve = async () => await import('../main.ts');`],
    ['cli/offline/verify.ts', `const read = async () => import('../../journal/index.ts');`],
    ['main.ts', `import { gateway } from './gateway/index.ts';`],
  ])('accepts in %s: %s', (path, source) => {
    repository.plant('domain/usage.ts', `import type { Money } from './money.ts';\n`);
    repository.plant(path, `${source}\n`);
    expect(violations()).toEqual([]);
  });

  it('reads no import out of prose', () => {
    const prose = `/**\n * import { a } from '../ledger/index.ts'\n * await import('../ledger/index.ts')\n */\n// import('x')\n`;
    expect(importsOf('gateway/run.ts', prose)).toEqual([]);
  });
});
