import { Fault } from '../../domain/faults/fault.ts';
import type { SourceFile } from './source-files.ts';

interface Manifest {
  readonly version?: string;
  readonly dependencies?: { readonly [name: string]: string };
}

interface Lockfile {
  readonly packages?: { readonly [path: string]: { readonly version?: string; readonly dev?: boolean } };
}

/**
 * Dependencies come with the upload, as its lockfile says: nothing is fetched, and no install script runs. Throws
 * `invalid_request` for what is missing or has another version than was locked.
 */
export function checkDependencies(files: readonly SourceFile[]): void {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const manifest = readJson<Manifest>(byPath, 'package.json');
  const needed = Object.keys(manifest?.dependencies ?? {});
  const installed = [...byPath.keys()].flatMap((path) => packageOf(path) ?? []);
  if (needed.length === 0 && installed.length === 0) return;
  const lock = readJson<Lockfile>(byPath, 'package-lock.json');
  if (lock?.packages === undefined) {
    throw refuse('has dependencies and no package-lock.json; run npm install, and send the lockfile with it');
  }
  for (const name of needed) {
    if (byPath.has(`node_modules/${name}/package.json`)) continue;
    throw refuse(`needs ${name}, which is not below node_modules: packages are not fetched yet, so send them along`);
  }
  for (const folder of installed) {
    const locked = lock.packages[folder]?.version;
    const sent = readJson<Manifest>(byPath, `${folder}/package.json`)?.version;
    if (locked === undefined) throw refuse(`has ${folder}, which package-lock.json does not name`);
    if (sent !== locked) throw refuse(`has ${folder} in version ${sent ?? 'unknown'}, and ${locked} is locked`);
  }
}

/** The package folder whose manifest this is; undefined for every other file, those deeper within it among them. */
function packageOf(path: string): string | undefined {
  const match = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path);
  return match?.[1];
}

function readJson<Shape>(files: ReadonlyMap<string, SourceFile>, path: string): Shape | undefined {
  const file = files.get(path);
  if (file === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(file.bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Shape;
  } catch {
    // Told below.
  }
  throw refuse(`has ${path}, which is no JSON object`);
}

function refuse(what: string): Fault {
  return new Fault('invalid_request', { message: `The upload ${what}.`, param: 'files' });
}
