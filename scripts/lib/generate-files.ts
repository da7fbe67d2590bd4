import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GeneratedFile } from './generated-file.ts';
import { listFiles } from './list-files.mjs';

/** A generated file with its final bytes. */
export interface RenderedFile {
  readonly path: string;
  readonly content: string;
}

/** Every file that some generator of `scripts/generators/` writes; none, or two claiming one path, is an error. */
export async function loadGeneratedFiles(root: string): Promise<readonly GeneratedFile[]> {
  const folder = join(root, 'scripts', 'generators');
  const names = listFiles(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const loaded = await Promise.all(
    names.map(async (name) => filesOf(name, await import(pathToFileURL(join(folder, name)).href))),
  );
  const files = loaded.flat();
  if (files.length === 0) throw new Error('no generator found in scripts/generators');
  const paths = files.map((file) => file.path);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw new Error(`two generators write ${twice}`);
  return files;
}

function filesOf(
  name: string,
  loaded: { readonly generatedFiles?: readonly GeneratedFile[] },
): readonly GeneratedFile[] {
  if (!Array.isArray(loaded.generatedFiles)) throw new Error(`scripts/generators/${name} exports no generatedFiles`);
  return loaded.generatedFiles;
}

/** Renders a file and formats it as the repository is formatted, so that a generated file passes the same checks. */
export async function renderFile(root: string, file: GeneratedFile): Promise<RenderedFile> {
  return { path: file.path, content: await format(root, file.path, await file.render()) };
}

/** Paths whose content on disk differs from what their generator renders. */
export function staleFiles(root: string, files: readonly RenderedFile[]): readonly string[] {
  return files.filter((file) => currentContent(root, file.path) !== file.content).map((file) => file.path);
}

/** Writes what is stale and tells which; a fresh file keeps its time of change, and so does what is built from it. */
export function writeFiles(root: string, files: readonly RenderedFile[]): readonly string[] {
  const stale = staleFiles(root, files);
  for (const file of files.filter((candidate) => stale.includes(candidate.path))) {
    const target = join(root, file.path);
    mkdirSync(dirname(target), { recursive: true });
    // Renamed into place: a build or a test running beside us never reads half a file.
    writeFileSync(`${target}.${process.pid}.tmp`, file.content);
    renameSync(`${target}.${process.pid}.tmp`, target);
  }
  return stale;
}

function currentContent(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined; // not generated yet
  }
}

function format(root: string, path: string, content: string): Promise<string> {
  const entry = join(root, 'node_modules', 'oxfmt', 'bin', 'oxfmt');
  const child = spawn(process.execPath, [entry, `--stdin-filepath=${path}`], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.stdin.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(new Error(`${path} could not be formatted; does its generator render valid content?`));
    });
    child.stdin.end(content);
  });
}
