import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { recentExchanges, usage, type UsageQuery } from '../../src/ledger/index.ts';
import { Partitions } from '../../src/ledger/projector/partitions.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { type Database, openDatabase } from '../../src/storage/index.ts';
import type { Section } from '../section.ts';

const startMs = Date.UTC(2026, 9, 1);
const dayMs = 86_400_000;
const days = 30;
const requests = 10_000_000;
/** Customers × keys × jobs × models that were active on a day; each row stands for the requests of one of them. */
const shape = { customers: 100, keys: 2, jobs: 2, models: 2 };
const slotsPerDay = 96;
const keyCount = 8;
/** What one request adds; all other sums are 0. */
const perRequest: { readonly [column: string]: number } = {
  requests: 1,
  attempts: 1,
  input: 1800,
  cache_read: 900,
  output: 320,
  cost_nanos: 1_500_000,
  charge_nanos: 1_800_000,
};

/** Questions about a month of ten million requests, over rollups that have the rows such a month leaves. */
export const usageQueries: Section = {
  name: 'usage queries',
  async measure({ quick, log }) {
    const folder = mkdtempSync(join(process.cwd(), '.bench-usage-'));
    const database = await openDatabase({ folder, clock: systemClock, logger: silentLogger, statementTimeoutMs: 0 });
    try {
      await fill(database);
      const timesMs: number[] = [];
      for (const { name, ask, isOfMonth } of questions(database)) {
        await ask(0);
        const own: number[] = [];
        for (let round = 1; round <= (quick ? 10 : 40); round += 1) {
          const startedMs = performance.now();
          await ask(round);
          own.push(performance.now() - startedMs);
        }
        log(`  ${name}: p50 ${shareOf(own, 0.5)} ms, p95 ${shareOf(own, 0.95)} ms`);
        if (isOfMonth) timesMs.push(...own);
      }
      const value = shareOf(timesMs, 0.95);
      return [{ name: 'usage of a month over 10 million requests, p95', value, unit: 'ms', goal: { atMost: 100 } }];
    } finally {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function shareOf(timesMs: readonly number[], share: number): number {
  const sorted = timesMs.toSorted((one, other) => one - other);
  return Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
}

interface Question {
  readonly name: string;
  readonly ask: (round: number) => Promise<unknown>;
  /** The goal is about these; the others are only shown. */
  readonly isOfMonth: boolean;
}

/** What people and pages ask; another customer in each round. */
function questions(database: Database): Question[] {
  const month = { fromMs: startMs, toMs: startMs + days * dayMs };
  const lastDay = { fromMs: month.toMs - dayMs, toMs: month.toMs };
  const of = (round: number) => ({ customer: `customer-${(round * 7) % shape.customers}` });
  const question = (name: string, query: (round: number) => UsageQuery): Question => ({
    name,
    ask: (round) => usage(database, query(round)),
    isOfMonth: !name.startsWith('last'),
  });
  return [
    question('month, everything', () => month),
    question('month by customer', () => ({ ...month, groupBy: ['customer'] })),
    question('month by job and model', () => ({ ...month, groupBy: ['job', 'model'] })),
    question('month by day', () => ({ ...month, every: 'day' })),
    question('one customer by day and key', (round) => ({
      ...month,
      where: of(round),
      every: 'day',
      groupBy: ['key'],
    })),
    question('one customer by day of Kolkata', (round) => ({
      ...month,
      where: of(round),
      every: 'day',
      timeZone: 'Asia/Kolkata',
    })),
    question('one customer by model and host', (round) => ({
      ...month,
      where: of(round),
      groupBy: ['model', 'host'],
    })),
    question('last day by hour and model', () => ({ ...lastDay, every: 'hour', groupBy: ['model'] })),
    {
      name: 'last exchanges of a customer',
      ask: (round) => recentExchanges(database, of(round)),
      isOfMonth: false,
    },
  ];
}

/** Rows as the projection would have left them, made by the server: projecting ten million requests takes minutes. */
async function fill(database: Database): Promise<void> {
  await fillTable(database, { table: 'usage_day', time: 'day_ms', stepMs: dayMs });
  await fillTable(database, { table: 'usage_slot', time: 'slot_ms', stepMs: dayMs / slotsPerDay });
  await sql`VACUUM ANALYZE usage_day, usage_slot`.execute(database.db);
}

async function fillTable(
  { db }: Database,
  { table, time, stepMs }: { readonly table: string; readonly time: string; readonly stepMs: number },
): Promise<void> {
  const { rows: columns } = await sql<{ name: string }>`
    SELECT column_name AS name FROM information_schema.columns
    WHERE table_name = ${table} ORDER BY ordinal_position`.execute(db);
  const sums = columns.map(({ name }) => name).slice(keyCount);
  const activeRows = shape.customers * shape.keys * shape.jobs * shape.models;
  const perRow = Math.round((requests * stepMs) / (days * dayMs) / activeRows);
  const values = sums.map((name) => String((perRequest[name] ?? 0) * perRow));
  const key = sql.raw(['customer', time, 'key_name', 'job', 'model', 'host', 'feature', 'project'].join(', '));
  const last = startMs + days * dayMs - 1;
  await new Partitions().ensure(db, table, [startMs]);
  // An index is built many times faster of all rows than row by row.
  await sql`ALTER TABLE ${sql.table(table)} DROP CONSTRAINT ${sql.ref(`${table}_pkey`)}`.execute(db);
  await sql`
    INSERT INTO ${sql.table(table)} (${key}, ${sql.raw(sums.join(', '))})
    SELECT 'customer-' || c, t, 'customer-' || c || '-key-' || k, 'job-' || j, 'model-' || m, 'host-' || (m % 3), '',
      '', ${sql.raw(values.join(', '))}
    FROM generate_series(${sql.lit(startMs)}::bigint, ${sql.lit(last)}::bigint, ${sql.lit(stepMs)}::bigint) t,
      generate_series(0, ${sql.lit(shape.customers - 1)}) c, generate_series(0, ${sql.lit(shape.keys - 1)}) k,
      generate_series(0, ${sql.lit(shape.jobs - 1)}) j, generate_series(0, ${sql.lit(shape.models - 1)}) m`.execute(db);
  await sql`ALTER TABLE ${sql.table(table)} ADD PRIMARY KEY (${key})`.execute(db);
}
