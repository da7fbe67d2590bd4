import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from '../../scripts/lib/list-files.mjs';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';

/** A source of the repository as the structure tests look at it. */
export interface SourceText {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly lines: readonly string[];
}

/** The sources below some folders of the repository; seeing none is an error, since a check of nothing proves nothing. */
export function readSources(folders: readonly string[], accepts: (path: string) => boolean): readonly SourceText[] {
  const paths = folders.flatMap((folder) =>
    listFiles(join(repositoryRoot, folder), (name) => name !== 'node_modules').map((path) => `${folder}/${path}`),
  );
  const sources = paths
    .filter(accepts)
    .map((path) => sourceText(path, readFileSync(join(repositoryRoot, path), 'utf8')));
  if (sources.length === 0) throw new Error(`no sources found in ${folders.join(', ')}`);
  return sources;
}

/** Splits a text into lines, a last line break not counting as a line. */
export function sourceText(path: string, content: string): SourceText {
  return { path, lines: content.replace(/\n$/, '').split('\n') };
}

/** Code written by hand that ships with the product. */
export function isProductCode(path: string): boolean {
  const isForTests = path.endsWith('.test.ts') || path.includes('/testing/') || path.endsWith('/test-support.ts');
  return path.endsWith('.ts') && !isForTests && !path.endsWith('.gen.ts');
}

/** A line without its comment; a line inside a block comment is empty. */
export function codeOf(line: string): string {
  return /^\s*(\/\*|\*|\/\/)/.test(line) ? '' : line.replace(/(^|\s)\/\/ .*$/, '').replace(/\/\*.*?\*\//g, '');
}

/** A line of code without the text of its one-line strings, for rules about names. */
export function namesOf(line: string): string {
  return codeOf(line).replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\$]|\\.)*`/g, `''`);
}
