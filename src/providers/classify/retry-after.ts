import { firstHeader } from '../../platform/first-header.ts';

/** Headers as undici gives them: lower-case names, repeated ones as arrays. */
export type ResponseHeaders = { readonly [name: string]: string | string[] | undefined };

/** A host that asks for more than a day means a quota, not a wait. */
const longestMs = 24 * 3600 * 1000;
const unitsMs: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a host asks us to wait, from the headers of its answer; undefined when it does not say. */
export function readRetryAfterMs(headers: ResponseHeaders, nowMs: number): number | undefined {
  const exactMs = Number(firstHeader(headers['retry-after-ms']) ?? Number.NaN);
  if (Number.isFinite(exactMs)) return clamp(exactMs);
  const standard = firstHeader(headers['retry-after']);
  const standardMs = standard === undefined ? undefined : readMoment(standard, nowMs);
  return standardMs ?? readResetsMs(headers, nowMs);
}

/**
 * Some hosts only say when each limit starts anew. The exhausted ones count, and the last of them decides; if none
 * claims to be exhausted, the nearest is a fair guess.
 */
function readResetsMs(headers: ResponseHeaders, nowMs: number): number | undefined {
  const exhausted: number[] = [];
  const all: number[] = [];
  for (const name of Object.keys(headers)) {
    if (!isReset(name)) continue;
    const waitMs = readMoment(firstHeader(headers[name]) ?? '', nowMs);
    if (waitMs === undefined) continue;
    all.push(waitMs);
    const remaining = firstHeader(headers[name.replace('reset', 'remaining')]);
    if (remaining !== undefined && Number(remaining) <= 0) exhausted.push(waitMs);
  }
  if (exhausted.length > 0) return Math.max(...exhausted);
  return all.length > 0 ? Math.min(...all) : undefined;
}

function isReset(name: string): boolean {
  return /^(x-)?ratelimit-reset(-|$)/.test(name) || /^anthropic-.*-reset$/.test(name);
}

/**
 * A wait or a moment in any of the usual spellings: `20`, `1.5s`, `6m0s`, seconds or milliseconds since the epoch, an
 * HTTP date or an ISO date. Returns the wait from now.
 */
function readMoment(value: string, nowMs: number): number | undefined {
  const text = value.trim();
  if (text === '') return undefined;
  const number = Number(text);
  if (Number.isFinite(number)) return clamp(fromNumber(number, nowMs));
  const durationMs = readDuration(text);
  if (durationMs !== undefined) return clamp(durationMs);
  const momentMs = Date.parse(text);
  return Number.isNaN(momentMs) ? undefined : clamp(momentMs - nowMs);
}

/** Bare numbers are seconds to wait, unless they are so large that they can only be a moment. */
function fromNumber(number: number, nowMs: number): number {
  if (number > 1e11) return number - nowMs;
  return number > 1e8 ? number * 1000 - nowMs : number * 1000;
}

function readDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * (unitsMs[unit ?? ''] ?? 0);
  }
  return totalMs;
}

function clamp(waitMs: number): number {
  // Rounded to microseconds first: 1.1 s must not become 1101 ms.
  return Math.min(Math.max(Math.ceil(Math.round(waitMs * 1000) / 1000), 0), longestMs);
}
