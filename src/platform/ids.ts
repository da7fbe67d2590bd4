import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

const timeDigits = 12;

/**
 * Makes ids that sort by time: a prefix, 48 bits of milliseconds and 80 random bits, in hexadecimal.
 * The time part finds the journal segment of a request without an index.
 */
export function createIdSource(clock: Clock, random: Random): (prefix: string) => string {
  return (prefix) => {
    const time = clock.nowMs().toString(16).padStart(timeDigits, '0');
    const tail = hex(random.uint32(), 8) + hex(random.uint32(), 8) + hex(random.uint32() >>> 16, 4);
    return `${prefix}_${time}${tail}`;
  };
}

/** Milliseconds since the epoch at which an id was made; undefined for foreign ids. */
export function idTimeMs(id: string): number | undefined {
  const match = /^[a-z]+_([0-9a-f]{12})[0-9a-f]{20}$/.exec(id);
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
