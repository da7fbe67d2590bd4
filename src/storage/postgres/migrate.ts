import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.ts';
import { DatabaseError } from './database-error.ts';
import type { Migration } from './migrations/migration.ts';

/** One session of a server, as little as migrations need. */
export interface SqlSession {
  /** Runs one or several statements; rows are those of the last one. */
  run(sql: string): Promise<readonly { readonly [column: string]: unknown }[]>;
}

/** How migrations are run. */
export interface MigrateSettings {
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  /** A statement that waits this long for a lock is given up and tried again, so that it never blocks the traffic. */
  readonly lockTimeoutMs?: number;
  readonly attempts?: number;
  readonly retryAfterMs?: number;
}

/** Any constant of our own; every process that migrates takes this lock. */
const advisoryLock = '7237128888997146477';
const lockNotAvailable = '55P03';
const defaults = { lockTimeoutMs: 2_000, attempts: 30, retryAfterMs: 500 };

/** Brings the schema to the newest version this program knows; returns the numbers that were applied. */
export async function migrate(session: SqlSession, settings: MigrateSettings): Promise<number[]> {
  checkNumbers(settings.migrations);
  // Another process may migrate for longer than a statement usually may take.
  await session.run('SET statement_timeout = 0');
  await session.run(`SELECT pg_advisory_lock(${advisoryLock})`);
  try {
    await session.run(`CREATE TABLE IF NOT EXISTS schema_migration (
      number int PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at_ms int8 NOT NULL)`);
    const applied = await readApplied(session);
    checkApplied(applied, settings.migrations);
    const pending = settings.migrations.filter(({ number }) => !applied.has(number));
    for (const migration of pending) await applyPatiently(session, migration, settings);
    return pending.map(({ number }) => number);
  } finally {
    await session.run(`SELECT pg_advisory_unlock(${advisoryLock})`);
    await session.run('RESET statement_timeout');
  }
}

/** Fingerprint of a migration: what was applied must stay what the program holds. */
export function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}

function checkNumbers(migrations: readonly Migration[]): void {
  let previous = 0;
  for (const { number, name } of migrations) {
    if (number <= previous) throw new Error(`migration ${name} has number ${number} behind ${previous}`);
    previous = number;
  }
}

async function readApplied(session: SqlSession): Promise<Map<number, string>> {
  const rows = await session.run('SELECT number, checksum FROM schema_migration ORDER BY number');
  return new Map(rows.map(({ number, checksum }) => [Number(number), String(checksum)]));
}

function checkApplied(applied: ReadonlyMap<number, string>, migrations: readonly Migration[]): void {
  const newest = Math.max(0, ...applied.keys());
  const newestKnown = migrations.at(-1)?.number ?? 0;
  if (newest > newestKnown) {
    throw new DatabaseError(
      'schema_newer',
      `the database has schema version ${newest}, this program knows ${newestKnown}: start the newer program, or restore a backup from before its upgrade`,
    );
  }
  for (const migration of migrations) {
    const checksum = applied.get(migration.number);
    if (checksum !== undefined && checksum !== checksumOf(migration)) {
      throw new DatabaseError(
        'schema_changed',
        `migration ${migration.number} (${migration.name}) of the database is not the one of this program: it was applied by another build`,
      );
    }
  }
}

/** Each attempt is one transaction together with its bookkeeping: a crash leaves all of it or nothing. */
async function applyPatiently(session: SqlSession, migration: Migration, settings: MigrateSettings): Promise<void> {
  const { lockTimeoutMs, attempts, retryAfterMs } = { ...defaults, ...settings };
  for (let attempt = 1; ; attempt++) {
    try {
      await apply(session, migration, { lockTimeoutMs, nowMs: settings.clock.nowMs() });
      return;
    } catch (error) {
      await session.run('ROLLBACK');
      if (attempt >= attempts || sqlStateOf(error) !== lockNotAvailable) throw error;
      await wait(retryAfterMs);
    }
  }
}

async function apply(
  session: SqlSession,
  migration: Migration,
  { lockTimeoutMs, nowMs }: { lockTimeoutMs: number; nowMs: number },
): Promise<void> {
  const { number, name, sql, outsideTransaction } = migration;
  if (outsideTransaction === true) {
    await session.run(`SET lock_timeout = ${lockTimeoutMs}`);
    await session.run(sql);
    await session.run('RESET lock_timeout');
  }
  await session.run('BEGIN');
  await session.run(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
  if (outsideTransaction !== true) await session.run(sql);
  await session.run(`INSERT INTO schema_migration (number, name, checksum, applied_at_ms)
    VALUES (${number}, '${name.replaceAll("'", "''")}', '${checksumOf(migration)}', ${nowMs})`);
  await session.run('COMMIT');
}

function sqlStateOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
