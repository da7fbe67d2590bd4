import { usageError } from './cli-error.ts';

/** Reads a TCP port from an option's text; undefined when the option is absent. */
export function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw usageError(`--port must be a number from 0 to 65535, not "${text}"`);
  return port;
}

/** Reads a positive whole number from an option's text. */
export function readCount(name: string, text: string): number {
  const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw usageError(`--${name} must be a whole number from 1, not "${text}"`);
  return count;
}
