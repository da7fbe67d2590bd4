import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a worker thread whose module lies beside the caller, compiled or as source.
 * `entry` has no extension: the caller's own decides between `.js` (built product) and `.ts` (tests, development).
 */
export function spawnWorker(importMetaUrl: string, entry: string, options: WorkerOptions = {}): Worker {
  if (!importMetaUrl.endsWith('.ts')) return new Worker(new URL(`${entry}.js`, importMetaUrl), options);
  return new Worker(sourceBootstrap(new URL(`${entry}.ts`, importMetaUrl).href), options);
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
