import type { EventEmitter } from 'node:events';
import type { Logger } from '../../../platform/logger.ts';

/**
 * Writes errors that nobody caught into the log, beside what Node prints before it ends the process with them. Nothing is
 * held up: after a defect no state can be trusted but that of the journal, which the next start reads again.
 */
export function logDefects(logger: Pick<Logger, 'error'>, source: Pick<EventEmitter, 'on'> = process): void {
  source.on('uncaughtExceptionMonitor', (error: unknown, origin: string) => {
    logger.error({ err: error, origin }, 'a defect ends the gateway');
  });
}
