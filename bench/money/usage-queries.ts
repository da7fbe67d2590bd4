import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { recentExchanges, usage, type UsageQuery } from '../../src/ledger/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { type Database, openDatabase } from '../../src/storage/index.ts';
import type { Section } from './section.ts';

const startMs = Date.UTC(2026, 9, 1);
const dayMs = 86_400_000;
const days = 30;
const requests = 10_000_000;
/** Customers × keys × jobs × models that were active on a day; each row stands for the requests of one of them. */
const shape = { customers: 100, keys: 2, jobs: 2, models: 2 };
const slotsPerDay = 96;

/** Questions about a month of ten million requests, over rollups that have the rows such a month leaves. */
export const usageQueries: Section = {
  name: 'usage queries',
  async measure({ quick }) {
    const folder = mkdtempSync(join(process.cwd(), '.bench-usage-'));
    const database = await openDatabase({ folder, clock: systemClock, logger: silentLogger, statementTimeoutMs: 0 });
    try {
      await fill(database);
      const timesMs: number[] = [];
      for (let round = 0; round < (quick ? 3 : 20); round += 1) {
        for (const query of queries(round)) {
          const startedMs = performance.now();
          await usage(database, query);
          timesMs.push(performance.now() - startedMs);
        }
        const startedMs = performance.now();
        await recentExchanges(database, { customer: `customer-${round % shape.customers}` });
        timesMs.push(performance.now() - startedMs);
      }
      timesMs.sort((one, other) => one - other);
      const p95 = timesMs[Math.floor((timesMs.length - 1) * 0.95)] ?? 0;
      return [
        {
          name: 'usage of a month over 10 million requests, p95',
          value: Math.round(p95),
          unit: 'ms',
          goal: { atMost: 100 },
        },
      ];
    } finally {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function queries(round: number): UsageQuery[] {
  const month = { fromMs: startMs, toMs: startMs + days * dayMs };
  const one = { customer: `customer-${(round * 7) % shape.customers}` };
  return [
    month,
    { ...month, groupBy: ['customer'] },
    { ...month, groupBy: ['job', 'model'] },
    { ...month, every: 'day' },
    { ...month, where: one, every: 'day', groupBy: ['key'] },
    { ...month, where: one, every: 'day', timeZone: 'Asia/Kolkata' },
    { ...month, where: one, groupBy: ['model', 'host'] },
    { fromMs: month.toMs - dayMs, toMs: month.toMs, every: 'hour', groupBy: ['model'] },
  ];
}

async function fill({ db }: Database): Promise<void> {
  const rows = shape.customers * shape.keys * shape.jobs * shape.models;
  const perDay = Math.round(requests / days / rows);
  const columns = await db
    .selectFrom('information_schema.columns' as 'ledger_account')
    .select(sql<string>`column_name`.as('name'))
    .where(sql<boolean>`table_name = 'usage_day'`)
    .orderBy(sql`ordinal_position`)
    .execute();
  const sums = columns.map(({ name }) => name).slice(8);
  const filled = (table: string, time: string, step: number): Promise<unknown> => {
    const perRow = Math.max(1, Math.round((perDay * step) / dayMs));
    const values = sums.map((name) => (name.endsWith('_nanos') ? `${perRow * 1_500_000}` : String(perRow)));
    return sql`
      INSERT INTO ${sql.table(table)} (customer, ${sql.ref(time)}, key_name, job, model, host, feature, project, ${sql.raw(sums.join(', '))})
      SELECT 'customer-' || c, t, 'customer-' || c || '-key-' || k, 'job-' || j, 'model-' || m, 'host-' || (m % 3), '', '',
        ${sql.raw(values.join(', '))}
      FROM generate_series(0, ${sql.lit(shape.customers - 1)}) c, generate_series(0, ${sql.lit(shape.keys - 1)}) k,
        generate_series(0, ${sql.lit(shape.jobs - 1)}) j, generate_series(0, ${sql.lit(shape.models - 1)}) m,
        generate_series(${sql.lit(startMs)}::bigint, ${sql.lit(startMs + days * dayMs - 1)}::bigint, ${sql.lit(step)}::bigint) t`.execute(
      db,
    );
  };
  await filled('usage_day', 'day_ms', dayMs);
  await filled('usage_slot', 'slot_ms', dayMs / slotsPerDay);
  await sql`VACUUM ANALYZE usage_day, usage_slot`.execute(db);
}
