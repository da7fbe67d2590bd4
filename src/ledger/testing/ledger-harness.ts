import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { onTestFinished } from 'vitest';
import type { Fact } from '../../domain/facts/facts.ts';
import { type CursorBatch, JournalCursor } from '../../journal/index.ts';
import { writeSegments } from '../../journal/testing/write-segments.ts';
import type { Random } from '../../platform/random.ts';
import type { Tables } from '../../storage/index.ts';
import type { ProjectionAlarm, ProjectorPorts } from '../projector/ports.ts';
import { Projector } from '../projector/projector.ts';

/** A gateway's name in these tests. */
export const gatewayId = 'gateway-1';

/** Closes what a test has opened when it ends. */
export async function closedAfterTest<Opened extends { close(): Promise<void> }>(
  opening: Promise<Opened>,
): Promise<Opened> {
  const opened = await opening;
  onTestFinished(() => opened.close());
  return opened;
}

/** A folder of the test's own. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes facts into a journal, in segments of about a size. */
export async function writeJournal(directory: string, facts: readonly Fact[], segmentBytes = 64 * 1024): Promise<void> {
  await writeSegments({ directory, gatewayId, facts, segmentBytes });
}

/** Ports that do nothing, and a list of the alarms. */
export function quietPorts(extra: Partial<ProjectorPorts> = {}): { ports: ProjectorPorts; alarms: ProjectionAlarm[] } {
  const alarms: ProjectionAlarm[] = [];
  return { ports: { alarm: (alarm) => alarms.push(alarm), ...extra }, alarms };
}

/** Projects a journal to its end with batches of about a size. */
export async function projectAll(
  db: Kysely<Tables>,
  directory: string,
  {
    ports = quietPorts().ports,
    maxBytes = 1 << 20,
    schema,
  }: { ports?: ProjectorPorts; maxBytes?: number; schema?: string } = {},
): Promise<Projector> {
  const projector = new Projector(db, { gatewayId, ...(schema !== undefined && { schema }) }, ports);
  await projector.claim();
  const cursor = new JournalCursor(directory, gatewayId);
  for (;;) {
    const batch: CursorBatch = await cursor.read(projector.position, { maxBytes });
    await projector.project(batch);
    if (batch.isAtEnd && batch.facts.length === 0) return projector;
  }
}

/** What ledger and rollups say, each added up by itself. */
export interface BookedSums {
  readonly requests: bigint;
  readonly outputUnits: bigint;
  readonly cost: { readonly [source: string]: bigint };
  readonly charge: { readonly [source: string]: bigint };
  readonly absorbed: bigint;
}

/** Adds up every place in which an amount is booked. */
export async function bookedSums(db: Kysely<Tables>): Promise<BookedSums> {
  const one = async (statement: string): Promise<bigint> => {
    const { rows } = await sql<{ total: bigint | null }>`SELECT (${sql.raw(statement)}) AS total`.execute(db);
    return rows[0]?.total ?? 0n;
  };
  const entries = (kinds: string, sign = ''): string =>
    `SELECT ${sign}sum(amount_nanos) FROM ledger_entry JOIN ledger_account a ON a.id = account_id WHERE a.kind IN (${kinds})`;
  return {
    requests: await one('SELECT sum(requests) FROM usage_slot'),
    outputUnits: await one('SELECT sum(output) FROM usage_day'),
    cost: {
      slot: await one('SELECT sum(cost_nanos) FROM usage_slot'),
      day: await one('SELECT sum(cost_nanos) FROM usage_day'),
      host: await one('SELECT sum(cost_nanos) FROM host_usage_hour'),
      ledger: await one(entries(`'cogs', 'absorbed'`)),
      vendors: await one(entries(`'vendor_payable'`, '-')),
      recent: await one('SELECT sum(cost_nanos) FROM exchange_recent'),
      performance: await one('SELECT sum(cost_nanos) FROM performance_hour'),
    },
    charge: {
      slot: await one('SELECT sum(charge_nanos) FROM usage_slot'),
      day: await one('SELECT sum(charge_nanos) FROM usage_day'),
      endUser: await one('SELECT sum(charge_nanos) FROM end_user_day'),
      ledger: await one(entries(`'revenue'`, '-')),
      customers: await one(entries(`'prepaid', 'promo', 'accrued', 'breakage'`)),
      recent: await one('SELECT sum(charge_nanos) FROM exchange_recent'),
    },
    absorbed: await one(entries(`'absorbed'`)),
  };
}

/** The same facts in another order. */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const mixed = [...items];
  for (let index = mixed.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random.unit() * (index + 1));
    const [one, two] = [mixed[index], mixed[other]];
    if (one !== undefined && two !== undefined) [mixed[index], mixed[other]] = [two, one];
  }
  return mixed;
}
