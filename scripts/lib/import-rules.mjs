// @ts-check
import { posix } from 'node:path';
import {
  allowedImports,
  lazyFolders,
  lazyModules,
  openModules,
  publicFiles,
  pureModules,
  workspaceImporters,
} from '../import-table.mjs';
import { scanImports } from './scan-imports.mjs';

/** @typedef {import('./scan-imports.mjs').FoundImport} FoundImport */

/**
 * Everything about the imports of `src` that the table does not allow, one sentence each.
 * Throws when there was nothing to judge: a check that finds nothing to check fails.
 * @param {string} sourceFolder
 * @param {ReadonlySet<string>} runtimePackages names in `dependencies` and `optionalDependencies`
 * @returns {string[]}
 */
export function importViolations(sourceFolder, runtimePackages) {
  const { files, imports } = scanImports(sourceFolder, (path) => !isForTests(path));
  if (files.length === 0) throw new Error(`no sources found in ${sourceFolder}`);
  if (imports.length === 0) throw new Error(`no imports found in ${files.length} files of ${sourceFolder}`);
  const unknown = new Set(files.map(moduleOf).filter((name) => allowedImports[name] === undefined));
  return [
    ...[...unknown].map((name) => `src/${name} has no row in scripts/import-table.mjs`),
    ...imports.flatMap((found) => {
      const broken = brokenRule(found, runtimePackages);
      return broken === undefined ? [] : [`src/${found.file} imports ${found.specifier}: ${broken}`];
    }),
    ...moduleCycles(imports).map((cycle) => `modules import each other in a circle: ${cycle.join(' -> ')}`),
  ];
}

/**
 * The module a path below `src` belongs to: its first folder, or the name of a file directly in `src`.
 * @param {string} path
 */
export function moduleOf(path) {
  return path.replace(/\/.*$/, '').replace(/\.ts$/, '');
}

/**
 * @param {FoundImport} found
 * @param {ReadonlySet<string>} runtimePackages
 * @returns {string | undefined}
 */
function brokenRule(found, runtimePackages) {
  if (!found.specifier.startsWith('.')) return brokenPackageRule(found, runtimePackages);
  const importer = moduleOf(found.file);
  const target = posix.join(posix.dirname(found.file), found.specifier);
  if (target.startsWith('..')) return 'it is outside src';
  if (!/\.(ts|json)$/.test(target)) return 'the extension .ts is missing';
  const imported = moduleOf(target);
  if (imported === importer) return undefined;
  if (!isAllowed(found, imported)) return `${importer} may not import ${imported}`;
  if (lazyModules.includes(imported) && found.kind === 'static') return `${imported} may only be imported lazily`;
  return openModules.includes(imported) ? undefined : brokenFaceRule(found, target);
}

/**
 * @param {FoundImport} found
 * @param {string} target path of the imported file below `src`
 * @returns {string | undefined}
 */
function brokenFaceRule({ kind }, target) {
  const module = moduleOf(target);
  if (target === `${module}.ts`) return undefined;
  if (!publicFiles.some((file) => target === `${module}/${file}`)) return `only ${module}/index.ts is public`;
  const isContract = target.endsWith('/contract.ts');
  return isContract && kind !== 'type' ? 'a contract holds types only, use import type' : undefined;
}

/**
 * @param {FoundImport} found
 * @param {string} imported
 */
function isAllowed({ file, kind }, imported) {
  if (allowedImports[moduleOf(file)]?.includes(imported) === true) return true;
  const isLazyFolder = lazyFolders.some((folder) => file.startsWith(`${folder}/`));
  return isLazyFolder && kind !== 'static' && allowedImports[imported] !== undefined;
}

/**
 * @param {FoundImport} found
 * @param {ReadonlySet<string>} runtimePackages
 * @returns {string | undefined}
 */
function brokenPackageRule({ file, specifier }, runtimePackages) {
  const importer = moduleOf(file);
  if (pureModules.includes(importer)) return `${importer} is pure and imports nothing from outside`;
  if (specifier.startsWith('node:')) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const importers = Object.entries(workspaceImporters).find(([workspace]) => workspace === name)?.[1];
  if (importers !== undefined) return importers.includes(importer) ? undefined : `${importer} may not import ${name}`;
  return runtimePackages.has(name) ? undefined : `${name} is not a runtime dependency`;
}

/**
 * Circles among modules, types counted, lazy imports not: those are how a command reaches what it must not load.
 * @param {readonly FoundImport[]} imports
 * @returns {string[][]}
 */
export function moduleCycles(imports) {
  /** @type {Map<string, Set<string>>} */
  const graph = new Map();
  for (const { file, specifier, kind } of imports) {
    if (kind === 'lazy' || !specifier.startsWith('.')) continue;
    const from = moduleOf(file);
    const to = moduleOf(posix.join(posix.dirname(file), specifier));
    if (lazyModules.includes(to) || from === to) continue;
    graph.set(from, (graph.get(from) ?? new Set()).add(to));
  }
  return findCycles(graph);
}

/**
 * One cycle per back edge met by a depth-first walk: none if and only if the graph has none.
 * @param {ReadonlyMap<string, Iterable<string>>} graph
 * @returns {string[][]}
 */
export function findCycles(graph) {
  /** @type {string[][]} */
  const cycles = [];
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} node @param {readonly string[]} path */
  const visit = (node, path) => {
    const start = path.indexOf(node);
    if (start >= 0) {
      cycles.push([...path.slice(start), node]);
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}

/** Tests and what they share may import anything.
 * @param {string} path */
function isForTests(path) {
  return path.endsWith('.test.ts') || path.endsWith('/test-support.ts') || path.includes('/testing/');
}
