import { describe, expect, test } from 'vitest';
import { readRetryAfterMs, type ResponseHeaders } from './retry-after.ts';

const nowMs = Date.parse('2026-11-22T10:00:00Z');

describe('[scenario 33] the wait a host asks for', () => {
  const cases: readonly [string, ResponseHeaders, number | undefined][] = [
    ['milliseconds', { 'retry-after-ms': '1250' }, 1250],
    ['milliseconds before seconds', { 'retry-after-ms': '1250', 'retry-after': '2' }, 1250],
    ['seconds', { 'retry-after': '107' }, 107_000],
    ['a fraction of seconds', { 'retry-after': '1.1' }, 1100],
    ['the first of repeated headers', { 'retry-after': ['3', '9'] }, 3000],
    ['an HTTP date', { 'retry-after': 'Sun, 22 Nov 2026 10:00:30 GMT' }, 30_000],
    ['a date in the past', { 'retry-after': 'Sun, 22 Nov 2026 09:00:00 GMT' }, 0],
    ['OpenAI seconds', { 'x-ratelimit-reset-requests': '1s' }, 1000],
    ['OpenAI minutes and seconds', { 'x-ratelimit-reset-tokens': '6m0s' }, 360_000],
    ['OpenAI milliseconds', { 'x-ratelimit-reset-tokens': '20ms' }, 20],
    ['hours', { 'x-ratelimit-reset-requests': '1h2m3.5s' }, 3_723_500],
    ['seconds since the epoch', { 'x-ratelimit-reset': String(nowMs / 1000 + 5) }, 5000],
    ['milliseconds since the epoch', { 'x-ratelimit-reset': String(nowMs + 5000) }, 5000],
    ['an ISO date of Anthropic', { 'anthropic-ratelimit-tokens-reset': '2026-11-22T10:00:07Z' }, 7000],
    ['a bare reset in seconds', { 'x-ratelimit-reset-requests-day': '33.5' }, 33_500],
    ['the standard draft name', { 'ratelimit-reset': '12' }, 12_000],
    ['nothing', { 'content-type': 'application/json' }, undefined],
    ['nonsense', { 'retry-after': 'soon', 'x-ratelimit-reset-tokens': 'later' }, undefined],
    ['an empty header', { 'retry-after': '' }, undefined],
    ['at most a day', { 'retry-after': '999999' }, 86_400_000],
  ];
  test.each(cases)('is read from %s', (_name, headers, waitMs) => {
    expect(readRetryAfterMs(headers, nowMs)).toBe(waitMs);
  });

  test('is that of the exhausted limit when several are told', () => {
    const headers = {
      'x-ratelimit-reset-requests': '8s',
      'x-ratelimit-remaining-requests': '4000',
      'x-ratelimit-reset-tokens': '2s',
      'x-ratelimit-remaining-tokens': '0',
    };
    expect(readRetryAfterMs(headers, nowMs)).toBe(2000);
  });

  test('is the nearest reset when no limit claims to be exhausted', () => {
    const headers = { 'x-ratelimit-reset-requests': '8s', 'x-ratelimit-reset-tokens': '2s' };
    expect(readRetryAfterMs(headers, nowMs)).toBe(2000);
  });
});
