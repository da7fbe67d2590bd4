import { usageError } from './cli-error.ts';
import { readInstant } from './read-money.ts';

const unitMs: { readonly [unit: string]: number } = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads how far back a question goes: `7d`, `24h`, `90m`, `2w`, or a date; the instant at which the window begins. */
export function readSince(text: string, nowMs: number): number {
  const [, count, unit = ''] = /^([0-9]{1,5})([mhdw])$/.exec(text) ?? [];
  if (count !== undefined) return nowMs - Number(count) * (unitMs[unit] ?? 0);
  const fromMs = readInstant('since', text);
  if (fromMs > nowMs) throw usageError(`--since lies in the future: ${text}`);
  return fromMs;
}
