import { type ConfigError, formatProblem, type LoadedConfig, locateFault } from '../config/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { Logger } from '../platform/logger.ts';
import type { Core } from './core.ts';
import { refuseOpenBind } from './network.ts';

/** A configuration that parses but names what does not exist leaves the last good one in place. */
export function reload(
  core: Core,
  next: LoadedConfig,
  { difference, bindHost }: { difference: readonly string[]; bindHost: string },
): void {
  void core.discovery.refresh();
  if (difference.length === 0) return;
  try {
    refuseOpenBind(bindHost, next);
    core.adopt(next);
    core.logger.info({ difference }, 'configuration reloaded');
  } catch (error) {
    if (!Fault.is(error)) throw error;
    logReloadProblem(core.logger, locateFault(error, next));
  }
}

/** Says why a configuration was not taken, with its lines. */
export function logReloadProblem(logger: Logger, error: ConfigError): void {
  const problems = error.problems.map((one) => formatProblem(error.file, one));
  logger.error({ problems }, 'configuration refused, the last good one stays');
}

/** What runs code may be another than at the start: an engine was installed, a setting of the system changed. */
export function reprobe(core: Core): void {
  const found = Promise.all([core.runtime.probe(), core.apps.probe(true)]);
  found.catch((error: unknown) => core.logger.error({ err: error }, 'the isolation of code could not be found out'));
}
