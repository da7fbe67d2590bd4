import { sql, type Transaction } from 'kysely';
import { bigintAsText } from '../../domain/json/bigint-as-text.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Tables } from '../../storage/index.ts';

/** Channel on which gateways hear that something changed. */
export const controlChannel = 'control';

/** Who changes something. */
export interface Actor {
  /** Name of the token, or `config` for the configuration file. */
  readonly name: string;
  readonly role: 'owner' | 'operator' | 'finance' | 'viewer' | 'config';
}

/** What a change did, for the audit log. Never holds secrets. */
export interface ChangeRecord {
  /** Noun and verb: `key.rotate`. */
  readonly action: string;
  readonly subjectId: string;
  readonly customerId?: string | undefined;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The handle of everything that changes customers, keys and limits. */
export interface ControlStore {
  readonly database: Database;
  readonly clock: Clock;
  newId(prefix: string): string;
}

/** What a change works with. */
export interface Change {
  readonly trx: Transaction<Tables>;
  readonly nowMs: bigint;
  /** Writes a row of the audit log. */
  record(record: ChangeRecord): Promise<void>;
}

/**
 * Runs one change: the rows, their audit and the new version are one transaction, and every gateway is told at once.
 * A gateway that misses it sees the version at its next poll.
 */
export async function changeControl<Result>(
  { database, clock }: ControlStore,
  actor: Actor,
  work: (change: Change) => Promise<Result>,
): Promise<Result> {
  const nowMs = BigInt(clock.nowMs());
  const { result, version } = await database.db.transaction().execute(async (trx) => {
    const record = async (one: ChangeRecord): Promise<void> => writeAudit(trx, { actor, nowMs, record: one });
    const done = await work({ trx, nowMs, record });
    const row = await trx
      .updateTable('control_version')
      .set({ version: sql`version + 1`, changed_at_ms: nowMs })
      .returning('version')
      .executeTakeFirstOrThrow();
    return { result: done, version: row.version };
  });
  // The change is made: who does not hear of it asks every few seconds.
  await database.notify(controlChannel, String(version)).catch(() => undefined);
  return result;
}

/** One page of a list that is sorted by a text. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

/** Which page is asked for. */
export interface PageRequest {
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

const defaultPageSize = 100;
const maxPageSize = 1_000;

/** How many rows to read: one more than the page, to see whether another follows. */
export function pageSize({ limit }: PageRequest): number {
  return Math.min(Math.max(limit ?? defaultPageSize, 1), maxPageSize);
}

/** Cuts the page from rows that were read with one more than its size. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  request: PageRequest,
  { item, cursor }: { item(row: Row): Item; cursor(row: Row): string },
): Page<Item> {
  const size = pageSize(request);
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  return { items: shown.map(item), next: rows.length > size && last !== undefined ? cursor(last) : undefined };
}

/** The fault of something that is not there. */
export function missing(kind: string, id: string): Fault {
  return new Fault('not_found', { message: `There is no ${kind} "${id}".` });
}

/** The fault of a name that is taken. */
export function taken(kind: string, id: string): Fault {
  return new Fault('conflict', { message: `There is a ${kind} "${id}" already.` });
}

/** The fault of changing what the configuration file owns. */
export function ownedByConfig(kind: string, id: string): Fault {
  return new Fault('conflict', {
    message: `The ${kind} "${id}" comes from the configuration file: change it there.`,
  });
}

async function writeAudit(
  trx: Transaction<Tables>,
  { actor, nowMs, record }: { readonly actor: Actor; readonly nowMs: bigint; readonly record: ChangeRecord },
): Promise<void> {
  await trx
    .insertInto('audit_entry')
    .values({
      at_ms: nowMs,
      actor: actor.name,
      role: actor.role,
      action: record.action,
      subject_kind: record.action.slice(0, record.action.indexOf('.')),
      subject_id: record.subjectId,
      customer_id: record.customerId ?? null,
      before: record.before === undefined ? null : toJson(record.before),
      after: record.after === undefined ? null : toJson(record.after),
    })
    .execute();
}

/** JSON with amounts as decimal text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, bigintAsText);
}
