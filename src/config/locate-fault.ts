import { readFileSync } from 'node:fs';
import type { Fault } from '../domain/faults/fault.ts';
import { ConfigError, type LoadedConfig } from './load-config.ts';
import { parseConfig } from './parse-config.ts';
import { toPath } from './to-path.ts';

/**
 * Says where a setting stands that names what does not exist: names that lead nowhere are found when the catalog is
 * built, and their path is all that is known there.
 */
export function locateFault(fault: Fault, { file, exists, config }: LoadedConfig): ConfigError {
  const path = fault.param ?? '';
  const message = fault.message.startsWith(path)
    ? fault.message.slice(path.length).replace(/^:? +/, '')
    : fault.message;
  const place = exists ? parseConfig(readText(file)).locate(toPath(path, config)) : { line: 1, column: 1 };
  return new ConfigError(file, [{ ...place, path, message }]);
}

/** The file may be gone since it was read. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
