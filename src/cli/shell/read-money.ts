import { parseUsdAsNanos } from '../../domain/money/money.ts';
import { usageError } from './cli-error.ts';

/** Reads an amount of dollars such as `5` or `0.25` into nano-USD as the API takes it; exact, never through a float. */
export function readUsd(name: string, text: string): string {
  const nanos = parseUsdAsNanos(text);
  if (nanos !== undefined) return nanos.toString();
  throw usageError(`--${name} must be an amount of US dollars such as 5 or 0.25, not "${text}"`);
}

/** Reads an instant: milliseconds since the epoch, or a date in UTC such as 2026-11-30. */
export function readInstant(name: string, text: string): number {
  const instant = /^[0-9]{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isSafeInteger(instant)) return instant;
  throw usageError(`--${name} must be a date such as 2026-11-30 or milliseconds since the epoch, not "${text}"`);
}

/** Reads a comma-separated list; undefined when the option is absent. */
export function readList(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** Reads one of a few words. */
export function readChoice<const Choice extends string>(
  name: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const chosen = choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  throw usageError(`--${name} must be one of ${choices.join(', ')}, not "${text}"`);
}
