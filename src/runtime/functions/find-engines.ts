import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

/** Programs that functions and builds are run with; undefined for each that is not installed. */
export interface Engines {
  readonly workerd: string | undefined;
  readonly esbuild: string | undefined;
  readonly bwrap: string | undefined;
}

const workerdPackages: { readonly [platform: string]: string } = {
  'linux-x64': '@cloudflare/workerd-linux-64',
  'linux-arm64': '@cloudflare/workerd-linux-arm64',
  'darwin-x64': '@cloudflare/workerd-darwin-64',
  'darwin-arm64': '@cloudflare/workerd-darwin-arm64',
  'win32-x64': '@cloudflare/workerd-windows-64',
};

/**
 * Finds the programs where the platform packages put them. Their install scripts are not needed: the path within the
 * package is fixed.
 */
export function findEngines(environment: { readonly [name: string]: string | undefined }): Engines {
  const platform = `${process.platform}-${process.arch}`;
  return {
    workerd: inPackage(workerdPackages[platform], 'bin', 'workerd'),
    esbuild:
      process.platform === 'win32'
        ? inPackage(`@esbuild/${platform}`, 'esbuild.exe')
        : inPackage(`@esbuild/${platform}`, 'bin', 'esbuild'),
    bwrap: process.platform === 'linux' ? onPath('bwrap', environment['PATH'] ?? '/usr/bin:/bin') : undefined,
  };
}

function inPackage(name: string | undefined, ...path: readonly string[]): string | undefined {
  if (name === undefined) return undefined;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const file = join(dirname(manifest), ...path);
    return existsSync(file) ? file : undefined;
  } catch {
    // An optional package that was left out, or that there is none of for this platform.
    return undefined;
  }
}

function onPath(program: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file));
}
