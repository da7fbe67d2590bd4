import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Path of a thread's module; by this ending the build knows what to bundle as a program of its own. */
type ThreadEntry = `./${string}-thread`;

/**
 * Starts a worker thread whose module lies at a path relative to the caller, compiled or as source.
 * `entry` has no extension: the caller's own decides between `.js` (built product) and `.ts` (tests, development).
 */
export function spawnWorker(importMetaUrl: string, entry: ThreadEntry, options: WorkerOptions = {}): Worker {
  if (!importMetaUrl.endsWith('.ts')) return new Worker(compiledEntry(importMetaUrl, entry), options);
  return new Worker(sourceBootstrap(new URL(`${entry}.ts`, importMetaUrl).href), options);
}

/** The bundle of a build holds all its modules in one folder, whatever folders they come from. */
function compiledEntry(importMetaUrl: string, entry: ThreadEntry): URL {
  const bundled = new URL(`${posix.basename(entry)}.js`, importMetaUrl);
  return existsSync(bundled) ? bundled : new URL(`${entry}.js`, importMetaUrl);
}

/** `--import tsx` registers its hooks on the main thread only, so a worker of TypeScript source registers them itself. */
function sourceBootstrap(entryUrl: string): URL {
  const loaderUrl = import.meta.resolve('tsx/esm/api');
  const program = `
    import { register } from ${JSON.stringify(loaderUrl)};
    register();
    await import(${JSON.stringify(entryUrl)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}
