import { type Kysely, sql } from 'kysely';
import { JournalCursor, type JournalPosition } from '../../journal/index.ts';
import type { Database, Tables } from '../../storage/index.ts';
import { JournalSum, type StoredJournalSum } from './journal-sum.ts';

/** Cost and charge as one of the places in which they are kept adds them up. */
export interface PlaceSums {
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
}

/** Whether everything that must be equal is. */
export interface SumsReport {
  readonly ok: boolean;
  readonly journal: PlaceSums;
  /** Amounts of facts that were set apart; the journal has them, the books do not. */
  readonly quarantined: PlaceSums;
  /** What corrections added to the first figures. */
  readonly corrected: PlaceSums;
  readonly ledger: PlaceSums;
  readonly slots: PlaceSums;
  readonly days: PlaceSums;
  readonly hosts: { readonly costNanos: bigint };
  /** Transactions whose entries do not sum to zero. */
  readonly unbalanced: bigint;
  /** Gateways whose oldest segments are gone: the books are then compared with each other, and not with the journal. */
  readonly incomplete: readonly string[];
  /** One sentence for each thing that is not equal. */
  readonly problems: readonly string[];
}

/** Years of entries are added up; nobody waits for it. */
const statementLimit = '15min';

/**
 * Compares journal, ledger and rollups. The journal is added up by a reader of its own that shares nothing with the
 * projector, and goes on where the last check ended; all other sums are of one moment.
 */
export async function checkSums(database: Pick<Database, 'db'>, directory: string): Promise<SumsReport> {
  const { db } = database;
  const booked = await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      await sql`SET LOCAL statement_timeout = ${sql.lit(statementLimit)}`.execute(trx);
      return readBooked(trx);
    });
  let costNanos = 0n;
  let chargeNanos = 0n;
  const incomplete: string[] = [];
  for (const { gatewayId, position } of booked.watermarks) {
    const sum = await sumJournal(db, { directory, gatewayId, position });
    if (!sum) incomplete.push(gatewayId);
    costNanos += sum?.costNanos ?? 0n;
    chargeNanos += sum?.chargeNanos ?? 0n;
  }
  return compare({ costNanos, chargeNanos }, booked, incomplete);
}

interface Watermark {
  readonly gatewayId: string;
  readonly position: JournalPosition;
}

interface Booked {
  readonly watermarks: readonly Watermark[];
  readonly quarantined: PlaceSums;
  readonly corrected: PlaceSums;
  readonly ledger: PlaceSums;
  readonly slots: PlaceSums;
  readonly days: PlaceSums;
  readonly hosts: { readonly costNanos: bigint };
  readonly unbalanced: bigint;
}

async function readBooked(trx: Kysely<Tables>): Promise<Booked> {
  const sums = async (statement: string): Promise<PlaceSums> => {
    const { rows } = await sql<{ cost: bigint | null; charge: bigint | null }>`${sql.raw(statement)}`.execute(trx);
    return { costNanos: rows[0]?.cost ?? 0n, chargeNanos: rows[0]?.charge ?? 0n };
  };
  const rollup = (table: string): Promise<PlaceSums> =>
    sums(`SELECT sum(cost_nanos) AS cost, sum(charge_nanos) AS charge FROM ${table}`);
  const watermarks = await trx
    .selectFrom('watermark')
    .select(['gateway_id', 'segment', 'byte_offset'])
    .where('projector', '=', 'main')
    .execute();
  const { rows } = await sql<{ unbalanced: bigint }>`
    SELECT count(*) AS unbalanced FROM (SELECT txn_id FROM ledger_entry GROUP BY txn_id HAVING sum(amount_nanos) <> 0) t
  `.execute(trx);
  return {
    watermarks: watermarks.map((row) => ({
      gatewayId: row.gateway_id,
      position: { segment: Number(row.segment), offset: Number(row.byte_offset) },
    })),
    quarantined: await rollup('quarantine WHERE released_at_ms IS NULL'),
    corrected: await sums(
      `SELECT sum(cost_delta_nanos) AS cost, sum(charge_delta_nanos) AS charge FROM correction WHERE state = 'applied'`,
    ),
    ledger: await sums(`
      SELECT sum(amount_nanos) FILTER (WHERE account.kind IN ('cogs', 'absorbed')) AS cost,
        -sum(amount_nanos) FILTER (WHERE account.kind = 'revenue') AS charge
      FROM ledger_entry entry JOIN ledger_txn txn ON txn.id = entry.txn_id
      JOIN ledger_account account ON account.id = entry.account_id
      WHERE txn.kind IN ('usage', 'correction') AND txn.reverses_txn_id IS NULL`),
    slots: await rollup('usage_slot'),
    days: await rollup('usage_day'),
    hosts: await rollup('host_usage_hour'),
    unbalanced: rows[0]?.unbalanced ?? 0n,
  };
}

/** Undefined when what was not added up before is no longer there. */
async function sumJournal(
  db: Kysely<Tables>,
  { directory, gatewayId, position }: Watermark & { readonly directory: string },
): Promise<PlaceSums | undefined> {
  const known = await db.selectFrom('journal_sum').selectAll().where('gateway_id', '=', gatewayId).executeTakeFirst();
  const stored: StoredJournalSum | undefined = known && {
    position: { segment: Number(known.segment), offset: Number(known.byte_offset) },
    costNanos: known.cost_nanos,
    chargeNanos: known.charge_nanos,
    facts: known.facts,
    open: known.open,
  };
  const sum = new JournalSum(stored);
  const cursor = new JournalCursor(directory, gatewayId);
  if (!(await reaches(cursor, stored?.position))) return undefined;
  await sum.readTo(cursor, position);
  const now = sum.stored();
  const row = {
    segment: BigInt(now.position.segment),
    byte_offset: BigInt(now.position.offset),
    cost_nanos: now.costNanos,
    charge_nanos: now.chargeNanos,
    facts: now.facts,
    open: JSON.stringify(now.open),
  };
  await db
    .insertInto('journal_sum')
    .values({ gateway_id: gatewayId, ...row })
    .onConflict((conflict) => conflict.column('gateway_id').doUpdateSet(row))
    .execute();
  return now;
}

/** Whether everything behind a position is there; without one, everything from the first segment on. */
async function reaches(cursor: JournalCursor, from: JournalPosition | undefined): Promise<boolean> {
  if (from === undefined || from.segment === 0) return cursor.reachesBack();
  const oldest = await cursor.oldest();
  return oldest === undefined || oldest <= from.segment;
}

function compare(journal: PlaceSums, booked: Booked, incomplete: readonly string[]): SumsReport {
  const { quarantined, corrected, ledger, slots, days, hosts, unbalanced } = booked;
  const isWhole = incomplete.length === 0;
  const cost = isWhole ? journal.costNanos - quarantined.costNanos + corrected.costNanos : ledger.costNanos;
  const charge = isWhole ? journal.chargeNanos - quarantined.chargeNanos + corrected.chargeNanos : ledger.chargeNanos;
  const problems: string[] = [];
  const expect = (what: string, found: bigint, expected: bigint): void => {
    if (found !== expected)
      problems.push(`${what} is ${found}, by the ${isWhole ? 'journal' : 'ledger'} it is ${expected}`);
  };
  expect('the cost in the ledger', ledger.costNanos, cost);
  expect('the cost in slots', slots.costNanos, cost);
  expect('the cost in days', days.costNanos, cost);
  expect('the cost by hosts', hosts.costNanos, cost);
  expect('the charge in the ledger', ledger.chargeNanos, charge);
  expect('the charge in slots', slots.chargeNanos, charge);
  expect('the charge in days', days.chargeNanos, charge);
  if (unbalanced !== 0n) problems.push(`${unbalanced} transactions do not sum to zero`);
  return {
    ok: problems.length === 0,
    journal,
    quarantined,
    corrected,
    ledger,
    slots,
    days,
    hosts: { costNanos: hosts.costNanos },
    unbalanced,
    incomplete,
    problems,
  };
}
