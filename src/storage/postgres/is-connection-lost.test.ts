import { describe, expect, it } from 'vitest';
import { isConnectionLost } from './is-connection-lost.ts';

const coded = (code: string): Error => Object.assign(new Error('it failed'), { code });

describe('an error of the database', () => {
  it.each([
    new Error('timeout exceeded when trying to connect'),
    new Error('Connection terminated unexpectedly'),
    new Error('the database server does not answer'),
    ...['08006', '53300', '57P01', '57P03', 'ECONNREFUSED', 'ECONNRESET'].map(coded),
  ])('is one of the connection: $message $code', (error) => {
    expect(isConnectionLost(error)).toBe(true);
  });

  it.each([...['23505', '42P01', '57014', '22P02'].map(coded), new Error('a defect'), 'ECONNREFUSED', undefined])(
    'is one of the statement, or none: $message $code',
    (error) => {
      expect(isConnectionLost(error)).toBe(false);
    },
  );
});
