import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { useColumns } from '../projector/sums/use-sum.ts';
import { Reconciler } from './reconciler.ts';

let opened: TestDatabase;
let reconciler: Reconciler;

beforeEach(async () => {
  opened = await openTestDatabase();
  let nowMs = Date.UTC(2026, 3, 2);
  const clock = { nowMs: () => nowMs++, monotonicMs: () => 0 };
  reconciler = new Reconciler({
    database: opened.database,
    clock,
    createId: createIdSource(clock, createSystemRandom()),
  });
});

afterEach(async () => {
  await opened.close();
});

async function meter(day: number, costNanos: bigint): Promise<void> {
  const sums = new Map<string, bigint>(useColumns.map((column) => [column, 0n]));
  sums.set('cost_nanos', costNanos).set('input', 1000n);
  await sql`INSERT INTO host_usage_hour (customer, hour_ms, host, upstream_model, model, key_name, price_version,
      contract_version, ${sql.join([...sums.keys()].map((column) => sql.ref(column)))})
    VALUES ('c', ${Date.UTC(2026, 2, day, 5)}, 'openrouter', 'm', 'm', 'k', 'p', '', ${sql.join([...sums.values()])})`.execute(
    opened.database.db,
  );
}

const head = 'date,model,usage,requests,prompt_tokens,completion_tokens,reasoning_tokens';
const row = (day: number, usage: string) => `2026-03-0${day},m,${usage},1,1000,0,0`;
const count = async (table: 'ledger_txn' | 'reconciliation_bill') => {
  const { rows } = await sql<{ n: bigint }>`SELECT count(*) AS n FROM ${sql.table(table)}`.execute(opened.database.db);
  return rows[0]?.n;
};

test('a bill is imported once, compared, and its variance posted once', async () => {
  await meter(1, 1_000_000_000n);
  await meter(2, 1_000_000_000n);
  const file = { name: 'march.csv', text: [head, row(1, '1.00'), row(2, '1.50'), 'junk'].join('\n') };
  const imported = await reconciler.import(file);
  expect(imported).toMatchObject({ rows: 2, isRepeated: false, problems: [{ line: 4 }] });
  expect(await reconciler.import({ ...file, name: 'again.csv' })).toMatchObject({ id: imported.id, isRepeated: true });
  expect(await count('reconciliation_bill')).toBe(4n);

  const before = await sql`SELECT * FROM host_usage_hour ORDER BY hour_ms`.execute(opened.database.db);
  const posted = await reconciler.post(imported.id);
  expect(posted.report.cells.map(({ difference }) => difference)).toEqual(['equal', 'price']);
  expect(posted.varianceNanos).toBe(500_000_000n);
  expect(await reconciler.post(imported.id)).toMatchObject({ varianceNanos: 500_000_000n });
  expect(await count('ledger_txn')).toBe(1n);
  const { rows } = await sql<{ kind: string; amount_nanos: bigint }>`
    SELECT account.kind, amount_nanos FROM ledger_entry JOIN ledger_account account ON account.id = account_id ORDER BY 1 DESC`.execute(
    opened.database.db,
  );
  expect(rows).toEqual([
    { kind: 'vendor_payable', amount_nanos: -500_000_000n },
    { kind: 'recon_variance', amount_nanos: 500_000_000n },
  ]);
  expect(await sql`SELECT * FROM host_usage_hour ORDER BY hour_ms`.execute(opened.database.db)).toEqual(before);
});

test('a second file about the same days does not post them twice', async () => {
  await meter(1, 1_000_000_000n);
  const first = await reconciler.import({ name: 'a', text: [head, row(1, '2.00')].join('\n') });
  const second = await reconciler.import({ name: 'b', text: [head, row(1, '2.00'), row(2, '1')].join('\n') });
  await reconciler.post(first.id);
  await expect(reconciler.post(second.id)).rejects.toThrow('has posted a variance for some of these days');
  expect((await reconciler.list({ limit: 5 })).map(({ name }) => name)).toEqual(['b', 'a']);
  await expect(reconciler.compare('rec_none')).rejects.toThrow('there is no import');
});

test('a bill that agrees posts nothing', async () => {
  await meter(1, 1_000_000_000n);
  const imported = await reconciler.import({ name: 'a', text: [head, row(1, '1.00')].join('\n') });
  expect(await reconciler.post(imported.id)).toMatchObject({ varianceNanos: 0n, operationKey: undefined });
  expect(await count('ledger_txn')).toBe(0n);
});
