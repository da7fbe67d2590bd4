import { allowedImports, lazyFolders, openModules, publicFiles } from '../import-table.mjs';
import type { GeneratedFile } from '../lib/generated-file.ts';

/** How deep below its module a source may lie and still be judged by the editor; the scan test judges any depth. */
const depths = [1, 2, 3];

/** Tests and what they are built on may import everything. */
const testFiles = ['src/**/*.test.ts', 'src/**/test-support.ts', 'src/**/testing/**'];

interface Pattern {
  readonly regex: string;
  readonly message: string;
}

/** Any path but the public files, spelled out letter by letter: the linter's expressions have no look-ahead. */
function notPublic(): string {
  const firstLetters = publicFiles.map((file) => file.charAt(0)).join('');
  const differsLater = publicFiles.flatMap((file) =>
    [...file].map((letter, at) => `${file.slice(0, at)}[^${letter}]`).slice(1),
  );
  return `(.+/|[^${firstLetters}]|${differsLater.join('|')})`.replaceAll('.ts', '\\.ts');
}

function patternsFor(module: string, depth: number): readonly Pattern[] {
  const up = `^(\\.\\./){${depth}}`;
  const allowed = new Set([module, ...(allowedImports[module] ?? [])]);
  const modules = Object.keys(allowedImports);
  const forbidden = modules.filter((name) => !allowed.has(name));
  const closed = modules.filter((name) => allowed.has(name) && name !== module && !openModules.includes(name));
  return [
    {
      regex: `${up}(${forbidden.join('|')})[/.]`,
      message: `${module} may not import this module, see scripts/import-table.mjs.`,
    },
    ...(closed.length === 0
      ? []
      : [
          {
            regex: `${up}(${closed.join('|')})/${notPublic()}`,
            message: 'Of another module only index.ts and contract.ts are public, see scripts/import-table.mjs.',
          },
        ]),
  ];
}

function boundaries(): unknown {
  const rule = 'eslint/no-restricted-imports';
  const folders = Object.keys(allowedImports).filter((module) => module !== 'main');
  return {
    overrides: [
      ...folders.flatMap((module) =>
        depths.map((depth) => ({
          files: [`src/${module}/${'*/'.repeat(depth - 1)}*.ts`],
          rules: { [rule]: ['error', { patterns: patternsFor(module, depth) }] },
        })),
      ),
      {
        files: [...testFiles, ...lazyFolders.map((folder) => `src/${folder}/**`)],
        rules: { [rule]: 'off' },
      },
    ],
  };
}

/** The import table as lint rules, so that an editor underlines a forbidden import while it is being typed. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'scripts/import-boundaries.gen.json', render: () => JSON.stringify(boundaries()) },
];
