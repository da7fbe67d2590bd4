import { describe, expect, it } from 'vitest';
import { parseCron } from './cron.ts';

const next = (expression: string, after: string, { zone = 'UTC', times = 1 } = {}): string[] => {
  const cron = parseCron(expression, zone);
  const due: string[] = [];
  for (let at = Date.parse(after); due.length < times;) {
    at = cron?.next(at) ?? Number.NaN;
    due.push(Number.isNaN(at) ? 'never' : new Date(at).toISOString().slice(0, 16));
  }
  return due;
};

describe('a cron expression', () => {
  it.each([
    ['*/15 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:15'],
    ['0 3 * * *', '2026-01-01T03:00:00Z', '2026-01-02T03:00'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00'],
    ['30 9 * * mon-fri', '2026-01-02T10:00:00Z', '2026-01-05T09:30'],
    ['0 0 1,15 * 0', '2026-01-01T01:00:00Z', '2026-01-04T00:00'],
    ['5-10/5 23 31 dec *', '2026-01-01T00:00:00Z', '2026-12-31T23:05'],
    ['@hourly', '2026-01-01T00:59:59Z', '2026-01-01T01:00'],
    ['0 0 * * 7', '2026-01-01T00:00:00Z', '2026-01-04T00:00'],
  ])('%s after %s is %s', (expression, after, wanted) => {
    expect(next(expression, after)).toEqual([wanted]);
  });

  it('goes by the clock of its zone: a time that is skipped comes later, one that comes twice counts once', () => {
    const twoThirty = next('30 2 * * *', '2026-03-27T12:00:00Z', { zone: 'Europe/Berlin', times: 3 });
    expect(twoThirty).toEqual(['2026-03-28T01:30', '2026-03-29T01:30', '2026-03-30T00:30']);
    const back = next('30 2 * * *', '2026-10-24T12:00:00Z', { zone: 'Europe/Berlin', times: 2 });
    expect(back).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
  });

  it('that never comes true ends, and what is none is told', () => {
    expect(next('0 0 31 2 *', '2026-01-01T00:00:00Z')).toEqual(['never']);
    for (const wrong of [
      '',
      '* * * *',
      '60 * * * *',
      '* 24 * * *',
      '* * 0 * *',
      'a * * * *',
      '*/0 * * * *',
      '5-1 * * * *',
    ]) {
      expect(parseCron(wrong, 'UTC'), wrong).toBeUndefined();
    }
  });
});
