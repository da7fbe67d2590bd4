import { Fault } from '../../domain/faults/fault.ts';
import type { SourceFile } from './source-files.ts';

/** What to make of the files that were sent. */
export interface BuildPlan {
  /** Module to bundle; undefined for a site of static files only. */
  readonly entry: string | undefined;
  /** Files that are served as they are, by the path below the app. */
  readonly assets: readonly SourceFile[];
}

const entries = ['src/index', 'src/worker', 'src/main', 'index', 'worker', 'main', 'app', 'server'].flatMap((name) =>
  ['ts', 'tsx', 'js', 'mjs', 'jsx'].map((ending) => `${name}.${ending}`),
);
const notServed = /^(package(-lock)?\.json|switchyard\.json|tsconfig.*\.json|node_modules\/.*|\.(?!well-known\/).*)$/;

/** Finds the entry module and the static files, unless the caller named them. Throws `invalid_request`. */
export function planBuild(
  files: readonly SourceFile[],
  asked: { readonly entry?: string | undefined; readonly assets?: string | undefined },
): BuildPlan {
  const paths = new Set(files.map(({ path }) => path));
  if (asked.entry !== undefined && !paths.has(asked.entry)) {
    throw new Fault('invalid_request', { message: `There is no file ${asked.entry}.`, param: 'entry' });
  }
  const entry = asked.entry ?? entries.find((path) => paths.has(path));
  const folder = asked.assets ?? assetFolder(paths, entry);
  const assets = folder === undefined ? [] : below(files, folder);
  if (asked.assets !== undefined && assets.length === 0) {
    throw new Fault('invalid_request', { message: `There is no file below ${asked.assets}.`, param: 'assets' });
  }
  if (entry === undefined && assets.length === 0) {
    const message =
      'There is nothing to run or serve: name an entry, or add src/index.ts, index.ts, index.js or index.html.';
    throw new Fault('invalid_request', { message, param: 'entry' });
  }
  return { entry, assets };
}

function assetFolder(paths: ReadonlySet<string>, entry: string | undefined): string | undefined {
  if ([...paths].some((path) => path.startsWith('public/'))) return 'public';
  // Beside a module the rest of the folder is source, not pages.
  return entry === undefined && paths.has('index.html') ? '.' : undefined;
}

function below(files: readonly SourceFile[], folder: string): SourceFile[] {
  const prefix = folder === '.' ? '' : `${folder.replace(/^\.\/|\/+$/g, '')}/`;
  return files.flatMap(({ path, bytes }) => {
    if (!path.startsWith(prefix)) return [];
    const served = path.slice(prefix.length);
    return notServed.test(served) ? [] : [{ path: served, bytes }];
  });
}
