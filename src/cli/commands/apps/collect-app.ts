import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { AppFile } from '../../../sdk/index.ts';
import { CliError } from '../../shell/cli-error.ts';

/** The files of a folder as they are sent. */
export interface CollectedApp {
  readonly files: readonly AppFile[];
}

const skippedFolders = new Set(['node_modules', '.git', '.switchyard', '.wrangler', 'coverage']);
/** Of a dependency only what a bundler reads. */
const bundled = /(\.(js|mjs|cjs|json|wasm|css|txt)|\/package\.json)$/;
const mostBytes = 48 * 1024 * 1024;

interface Manifest {
  readonly dependencies?: { readonly [name: string]: string };
  readonly optionalDependencies?: { readonly [name: string]: string };
}

/**
 * Collects a folder with the dependencies that its manifest names, as they are installed there or above it: nothing is
 * downloaded and no script runs. Links and hidden files are left out.
 */
export function collectApp(folder: string): CollectedApp {
  const root = resolve(folder);
  if (!existsSync(root) || !statSync(root).isDirectory()) throw new CliError(`${folder} is no folder`);
  const found = new Map<string, Buffer>();
  walk(root, (file) => add(found, relative(root, file), file));
  if (found.size === 0) throw new CliError(`${folder} holds no file`);
  addDependencies(root, found);
  const files = [...found].map(([path, bytes]) => ({
    path,
    content: bytes.toString('base64'),
    encoding: 'base64' as const,
  }));
  return { files };
}

function walk(folder: string, take: (file: string) => void): void {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const kind = lstatSync(path);
    if (kind.isFile() && (!name.startsWith('.') || name === '.well-known')) take(path);
    if (kind.isDirectory() && !skippedFolders.has(name) && (!name.startsWith('.') || name === '.well-known'))
      walk(path, take);
  }
}

function add(found: Map<string, Buffer>, path: string, file: string): void {
  found.set(path.split(sep).join('/'), readFileSync(file));
  let totalBytes = 0;
  for (const { length } of found.values()) totalBytes += length;
  if (totalBytes > mostBytes) throw new CliError(`the app has more than ${mostBytes} bytes with its dependencies`);
}

/** Adds what the manifest needs, and what that needs in turn, at the places where the bundler looks for it. */
function addDependencies(root: string, found: Map<string, Buffer>): void {
  const manifest = found.get('package.json');
  if (manifest === undefined) return;
  const waiting = namesOf(manifest).map((name) => ({ name, from: root }));
  const done = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const place = locate(next.name, next.from);
    if (place === undefined) {
      if (next.from !== root) continue;
      throw new CliError(`${next.name} is not installed; run npm install in ${root}`);
    }
    if (done.has(place)) continue;
    done.add(place);
    const base = place.slice(place.indexOf(`${sep}node_modules${sep}`) + 1);
    const manifestFile = join(place, 'package.json');
    if (!found.has('package-lock.json')) addLockfile(place, found);
    walk(place, (file) => bundled.test(file) && add(found, join(base, relative(place, file)), file));
    if (existsSync(manifestFile)) {
      waiting.push(...namesOf(readFileSync(manifestFile)).map((name) => ({ name, from: place })));
    }
  }
}

function namesOf(manifest: Buffer): string[] {
  try {
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(manifest.toString('utf8')) as Manifest;
    return Object.keys({ ...dependencies, ...optionalDependencies });
  } catch (error) {
    throw new CliError(`a package.json is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** As Node looks for a package: beside the folder, then ever further up. */
function locate(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', ...name.split('/'));
    if (existsSync(join(place, 'package.json'))) return place;
    if (dirname(folder) === folder) return undefined;
  }
}

/** An app within a larger project shares its lockfile. */
function addLockfile(place: string, found: Map<string, Buffer>): void {
  const project = place.slice(0, place.indexOf(`${sep}node_modules${sep}`));
  const file = join(project, 'package-lock.json');
  if (existsSync(file)) found.set('package-lock.json', readFileSync(file));
}
