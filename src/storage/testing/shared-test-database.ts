import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Database } from '../postgres/database.ts';
import { openTestDatabase, type TestDatabase } from './open-test-database.ts';

/** One database for all tests of a file, emptied before each: making one takes longer than most of them. */
export function sharedTestDatabase(): () => Database {
  let opened: TestDatabase | undefined;
  beforeAll(async () => {
    opened = await openTestDatabase();
  });
  beforeEach(() => opened?.empty());
  afterAll(() => opened?.close());
  return () => {
    if (opened === undefined) throw new Error('the database is open while tests run only');
    return opened.database;
  };
}
