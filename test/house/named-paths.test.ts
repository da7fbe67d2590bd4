import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { readSources, type SourceText, sourceText } from './source-text.ts';

/** Paths of something else than this repository. */
const foreign: readonly string[] = ['docs/apps.md: src/index.ts'];

const guides = [
  ...['README.md', 'AGENTS.md', 'CONTRIBUTING.md'].map((path) =>
    sourceText(path, readFileSync(join(repositoryRoot, path), 'utf8')),
  ),
  ...readSources(['docs'], (path) => path.endsWith('.md')),
];

describe('paths that the documentation names', () => {
  it('exist', () => {
    expect(missingPaths(guides)).toEqual(foreign);
  });

  it('are noticed when they do not', () => {
    const guide = sourceText(
      'docs/a.md',
      'See `src/gone.ts`, `src/main.ts` and `src/protocols/<dialect>/parse-*.ts`.\n',
    );
    expect(missingPaths([guide])).toEqual(['docs/a.md: src/gone.ts']);
  });
});

describe('modules that scripts load from the build', () => {
  it('exist as sources', () => {
    const loaded = readSources(['scripts', 'bench'], (path) => /\.(ts|mjs)$/.test(path));
    const paths = loadedModules(loaded);
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter(({ module }) => !existsSync(join(repositoryRoot, 'src', `${module}.ts`)))).toEqual([]);
  });

  it('are found in calls and in imports', () => {
    const script = sourceText('scripts/a.mjs', "loadBuilt('a/index.js');\nawait import(`${dist}/b/c.js`);\n");
    expect(loadedModules([script]).map(({ module }) => module)).toEqual(['a/index', 'b/c']);
  });
});

function loadedModules(texts: readonly SourceText[]): readonly { readonly path: string; readonly module: string }[] {
  return texts.flatMap(({ path, lines }) =>
    [...lines.join('\n').matchAll(/(?:loadBuilt\('|\$\{dist\}\/)([\w/-]+)\.js/g)].map(([, module = '']) => ({
      path,
      module,
    })),
  );
}

/** Paths with a place for a name, such as `<host>`, or with a star are recipes and not looked at. */
function missingPaths(texts: readonly SourceText[]): readonly string[] {
  return texts.flatMap(({ path, lines }) =>
    [...lines.join('\n').matchAll(/`((?:src|test|scripts|docs|bench|sdk)\/[\w./-]+)`/g)]
      .map(([, named = '']) => named)
      .filter((named) => !existsSync(join(repositoryRoot, named)))
      .map((named) => `${path}: ${named}`),
  );
}
