import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

const timeDigits = 12;

/**
 * Makes ids that sort by time: a prefix, 48 bits of milliseconds and 80 random bits, in hexadecimal.
 * The time part finds the journal segment of a request without an index.
 */
export function createIdSource(clock: Clock, random: Random): (prefix: string) => string {
  let timeMs = -1;
  let time = '';
  return (prefix) => {
    const nowMs = clock.nowMs();
    // Many ids are made in the same millisecond.
    if (nowMs !== timeMs) {
      timeMs = nowMs;
      time = nowMs.toString(16).padStart(timeDigits, '0');
    }
    return `${prefix}_${time}${hex8(random.uint32())}${hex8(random.uint32())}${hex4(random.uint32())}`;
  };
}

/** Milliseconds since the epoch at which an id was made; undefined for foreign ids. */
export function idTimeMs(id: string): number | undefined {
  const match = /^[a-z]+_([0-9a-f]{12})[0-9a-f]{20}$/.exec(id);
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
}

const pairs = Array.from({ length: 0x1_0000 }, (_, value) => value.toString(16).padStart(4, '0'));

function hex8(value: number): string {
  return hex4(value >>> 16) + hex4(value);
}

/** The low 16 bits. */
function hex4(value: number): string {
  return pairs[value & 0xffff] ?? '';
}
