/** How a running product is told what to do. */
export interface StopSources {
  readonly environment: { readonly [name: string]: string | undefined };
  /** Called at SIGHUP. */
  reload(): void;
}

const stopSignals = [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const;
const parentCheckMs = 1000;

/**
 * Resolves with the reason at the first SIGTERM or SIGINT, or when npm, our parent, is gone: npm killed hard leaves
 * its child behind holding the port. A second signal ends the process at once.
 */
export function untilToldToStop({ environment, reload }: StopSources): Promise<string> {
  process.on('SIGHUP', reload);
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (reason: string): void => {
      isStopping = true;
      clearInterval(parentCheck);
      resolve(reason);
    };
    for (const [signal, number] of stopSignals) {
      process.on(signal, () => {
        if (isStopping) process.exit(128 + number);
        stop(signal);
      });
    }
    const parent = process.ppid;
    const parentCheck = setInterval(() => {
      if (process.ppid !== parent) stop('npm is gone');
    }, parentCheckMs);
    parentCheck.unref();
    // Without npm a changed parent is ordinary: a shell that put us into the background and was closed.
    if (environment['npm_lifecycle_event'] === undefined) clearInterval(parentCheck);
  });
}
