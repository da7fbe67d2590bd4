import { describe, expect, it } from 'vitest';
import { isProductCode, readSources, type SourceText, sourceText } from './source-text.ts';

/** Offered before anything in the product reaches them, each with the reason. */
const offered: Readonly<Record<string, string>> = {
  'src/ledger/index.ts': 'the port for top-ups is code for whoever builds upon the product',
};

const isSource = (path: string): boolean => /\.(ts|mjs|js)$/.test(path);
type WordUsers = ReadonlyMap<string, ReadonlySet<string>>;

const sources = readSources(['src', 'sdk/src', 'test', 'scripts', 'bench', 'bin'], isSource);
const users = usersOfWords(sources);

describe('exports', () => {
  it('are used by another file when they are values', () => {
    expect(unusedExports(sources, users)).toEqual([]);
  });

  it('of a module’s face are used outside of the module', () => {
    expect(unusedFaces(sources, users)).toEqual([]);
  });

  it('are noticed when nobody uses them', () => {
    const planted = [
      sourceText('src/a/one.ts', 'export const used = 1;\nexport function unused(): void {}\nunused();\n'),
      sourceText('src/a/two.ts', "import { used } from './one.ts';\nuse(used);\n"),
      sourceText('src/a/index.ts', "export { used } from './one.ts';\n"),
    ];
    const plantedUsers = usersOfWords(planted);
    expect(unusedExports(planted, plantedUsers)).toEqual(['src/a/one.ts: unused']);
    expect(unusedFaces(planted, plantedUsers)).toEqual(['src/a/index.ts: used']);
  });
});

/** Values that are exported without need: no other file, the module's tests included, has a word like their name. */
function unusedExports(all: readonly SourceText[], wordUsers: WordUsers): readonly string[] {
  return all
    .filter(({ path }) => isProductCode(path) && path.startsWith('src/') && !path.startsWith('src/sdk/'))
    .flatMap(({ path, lines }) =>
      lines.flatMap((line) => {
        const name = /^export (?:abstract |async )*(?:function\*?|class|const|let) ([\w$]+)/.exec(line)?.[1];
        return name === undefined || isUsed(wordUsers, name, (user) => user !== path) ? [] : [`${path}: ${name}`];
      }),
    );
}

/** Names on a module's face that nothing outside of its folder mentions. */
function unusedFaces(all: readonly SourceText[], wordUsers: WordUsers): readonly string[] {
  return all
    .filter(({ path }) => /^src\/(?!sdk\/).*\/index\.ts$/.test(path) && offered[path] === undefined)
    .flatMap(({ path, lines }) => {
      const folder = path.replace(/index\.ts$/, '');
      const isOutside = (user: string): boolean => !user.startsWith(folder);
      return [...lines.join('\n').matchAll(/^export (?:type )?\{([^}]*)\} from/gm)]
        .flatMap(([, names = '']) => names.split(','))
        .map((name) =>
          name
            .replace(/^\s*type /, '')
            .replace(/.* as /, '')
            .trim(),
        )
        .filter((name) => name !== '' && !isUsed(wordUsers, name, isOutside))
        .map((name) => `${path}: ${name}`);
    });
}

function usersOfWords(all: readonly SourceText[]): WordUsers {
  const found = new Map<string, Set<string>>();
  for (const { path, lines } of all) {
    for (const word of lines.join('\n').match(/[\w$]+/g) ?? []) {
      const paths = found.get(word) ?? new Set();
      found.set(word, paths.add(path));
    }
  }
  return found;
}

function isUsed(wordUsers: WordUsers, name: string, counts: (path: string) => boolean): boolean {
  return [...(wordUsers.get(name) ?? [])].some(counts);
}
