import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openTestDatabase } from './open-test-database.ts';

describe('openTestDatabase', () => {
  it('gives every test a database of its own with the current schema', async () => {
    const one = await openTestDatabase();
    const other = await openTestDatabase();
    try {
      await sql`CREATE TABLE note (amount_nanos int8)`.execute(one.database.db);
      await sql`INSERT INTO note VALUES (9007199254740993), (2)`.execute(one.database.db);
      const { rows } = await sql<{ sum: bigint }>`SELECT sum(amount_nanos) AS sum FROM note`.execute(one.database.db);
      expect(rows).toEqual([{ sum: 9007199254740995n }]);
      await expect(sql`SELECT * FROM note`.execute(other.database.db)).rejects.toThrow('does not exist');
    } finally {
      await one.close();
      await other.close();
    }
  });
});
