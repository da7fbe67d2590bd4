import { type Selectable, sql } from 'kysely';
import { Fault } from '../../domain/faults/fault.ts';
import { claimWork, type Database, type NewClaim, type Tables } from '../../storage/index.ts';
import type { GuestFile } from '../contract.ts';
import { packProgram, unpackProgram } from './failure-record.ts';
import type { Fix, FixSpec, FixState, FixTrail } from './fix-record.ts';
import type { FixAttempt } from './fix-types.ts';
import { fromJson, toColumn } from './stored-json.ts';

type Db = Pick<Database, 'db'>;

/** A question that is out: a gateway that ends meanwhile has asked it all the same, for all that was set aside. */
export type BegunAttempt = Pick<FixAttempt, 'number' | 'requestId' | 'reservedNanos'>;

/** A fix that was taken up, with what an earlier worker left. */
export interface ClaimedFix extends FixTrail {
  readonly begun: BegunAttempt | null;
}

/** A fix, and the worker that says it has it: who lost it changes nothing any more. */
export interface HeldFix {
  readonly id: string;
  readonly by: string;
}

/** Keeps the wish for a fix; one of the same failure that is at work already is answered in its place. */
export async function insertFix(
  { db }: Db,
  fix: Pick<Fix, 'id' | 'failureId' | 'kind' | 'subject' | 'customer' | 'spec' | 'requestedBy' | 'createdAtMs'>,
): Promise<Fix> {
  await db
    .insertInto('fix')
    .values({
      id: fix.id,
      failure_id: fix.failureId,
      kind: fix.kind,
      subject: fix.subject,
      customer: fix.customer,
      state: 'queued',
      reason: null,
      detail: null,
      spec: toColumn(fix.spec),
      max_nanos: fix.spec.maxNanos,
      files: null,
      run_id: null,
      version: null,
      accepted: null,
      requested_by: fix.requestedBy,
      created_at_ms: BigInt(fix.createdAtMs),
      finished_at_ms: null,
      claimed_by: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db
    .selectFrom('fix')
    .selectAll()
    .where('failure_id', '=', fix.failureId)
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirstOrThrow();
  return toFix(row);
}

/** Takes up the oldest fix that nobody works on; one whose worker is gone is taken up again where it stood. */
export async function claimFix({ db }: Db, claim: NewClaim): Promise<ClaimedFix | undefined> {
  const id = await claimWork({ db }, 'fix', claim);
  if (id === undefined) return undefined;
  const trail = await findFix({ db }, id);
  const row = await db.selectFrom('fix').select('begun').where('id', '=', id).executeTakeFirst();
  return trail && { ...trail, begun: readBegun(row?.begun) };
}

/** Notes that a question goes out, before it does. Throws `conflict` when another has the fix: it must not go out. */
export async function beginAttempt({ db }: Db, { id, by }: HeldFix, begun: BegunAttempt): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('fix')
    .set({ begun: toColumn(begun) })
    .where('id', '=', id)
    .where('claimed_by', '=', by)
    .where('state', '=', 'running')
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw takenOver(id);
}

/**
 * Keeps an attempt and what was spent with it. Throws `conflict` when another has the fix: it counts the question that
 * was out with all that was set aside.
 */
export async function insertAttempt({ db }: Db, { id, by }: HeldFix, attempt: FixAttempt): Promise<void> {
  const { number, requestId, model, verdict, costNanos, reservedNanos } = attempt;
  const body = toColumn(attempt);
  const { rows } = await sql`
    WITH held AS (
      SELECT id FROM fix WHERE id = ${id} AND claimed_by = ${by} AND state = 'running' FOR UPDATE
    ), made AS (
      INSERT INTO fix_attempt (fix_id, number, request_id, model, verdict, cost_nanos, reserved_nanos, body)
      SELECT id, ${number}::integer, ${requestId}, ${model}, ${verdict}, ${costNanos}::bigint, ${reservedNanos}::bigint,
        ${body}::jsonb FROM held
      ON CONFLICT DO NOTHING RETURNING 1
    ), counted AS (
      UPDATE fix SET begun = NULL, spent_nanos = spent_nanos + ${costNanos ?? reservedNanos}::bigint,
        refused_patches = refused_patches + ${verdict === 'refused' ? 1 : 0}::integer
      WHERE id = ${id} AND EXISTS (SELECT 1 FROM made)
    ) SELECT id FROM held`.execute(db);
  if (rows.length === 0) throw takenOver(id);
}

/** Ends a fix with what came of it; false when another has it. */
export async function finishFix(
  { db }: Db,
  end: HeldFix &
    Pick<Fix, 'reason' | 'detail' | 'patch' | 'runId' | 'version'> & {
      readonly state: FixState;
      readonly files: readonly GuestFile[] | undefined;
      readonly atMs: number;
    },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('fix')
    .set({
      state: end.state,
      reason: end.reason,
      detail: end.detail?.replaceAll('\0', '').slice(0, 4000) ?? null,
      patch: end.patch.replaceAll('\0', ''),
      files: (end.files && packProgram(end.files)) ?? null,
      run_id: end.runId,
      version: end.version,
      begun: null,
      finished_at_ms: BigInt(end.atMs),
    })
    .where('id', '=', end.id)
    .where('claimed_by', '=', end.by)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** One fix with its attempts; undefined for an unknown id. */
export async function findFix({ db }: Db, id: string): Promise<FixTrail | undefined> {
  const row = await db.selectFrom('fix').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return undefined;
  const attempts = await db.selectFrom('fix_attempt').selectAll().where('fix_id', '=', id).orderBy('number').execute();
  return { ...toFix(row), attempts: attempts.map(toAttempt) };
}

/** The fixed program; undefined when nothing was fixed. */
export async function readFixedFiles({ db }: Db, id: string): Promise<readonly GuestFile[] | undefined> {
  const row = await db.selectFrom('fix').select('files').where('id', '=', id).executeTakeFirst();
  return row?.files ? unpackProgram<readonly GuestFile[]>(row.files) : undefined;
}

/** The latest fixes first, without their attempts. */
export async function listFixes(
  { db }: Db,
  page: {
    readonly limit: number;
    readonly subject?: string | undefined;
    readonly state?: FixState | undefined;
    readonly before?: { readonly atMs: number; readonly id: string } | undefined;
  },
): Promise<readonly Fix[]> {
  let query = db.selectFrom('fix').selectAll().orderBy('created_at_ms', 'desc').orderBy('id', 'desc');
  if (page.subject !== undefined) query = query.where('subject', '=', page.subject);
  if (page.state !== undefined) query = query.where('state', '=', page.state);
  const { before } = page;
  if (before !== undefined) {
    query = query.where(sql<boolean>`(created_at_ms, id) < (${BigInt(before.atMs)}, ${before.id})`);
  }
  return (await query.limit(page.limit).execute()).map(toFix);
}

/** Notes what a person thought of a fix. False for one that fixed nothing. */
export async function acceptFix({ db }: Db, id: string, isAccepted: boolean): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('fix')
    .set({ accepted: isAccepted })
    .where('id', '=', id)
    .where('state', '=', 'fixed')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function takenOver(id: string): Fault {
  return new Fault('conflict', { message: `Another worker has taken up ${id}.` });
}

function toFix(row: Selectable<Tables['fix']>): Fix {
  const spec = fromJson(JSON.stringify(row.spec)) as Omit<FixSpec, 'maxNanos'>;
  return {
    id: row.id,
    failureId: row.failure_id,
    kind: row.kind,
    subject: row.subject,
    customer: row.customer,
    state: row.state,
    reason: row.reason as Fix['reason'],
    detail: row.detail,
    spec: { ...spec, maxNanos: row.max_nanos },
    maxNanos: row.max_nanos,
    spentNanos: row.spent_nanos,
    refusedPatches: row.refused_patches,
    patch: row.patch,
    runId: row.run_id,
    version: row.version,
    accepted: row.accepted,
    requestedBy: row.requested_by,
    createdAtMs: Number(row.created_at_ms),
    finishedAtMs: row.finished_at_ms === null ? null : Number(row.finished_at_ms),
  };
}

function toAttempt(row: Selectable<Tables['fix_attempt']>): FixAttempt {
  const body = row.body as Omit<FixAttempt, 'costNanos' | 'reservedNanos'>;
  return { ...body, costNanos: row.cost_nanos, reservedNanos: row.reserved_nanos };
}

function readBegun(value: unknown): BegunAttempt | null {
  if (value === null || value === undefined) return null;
  const { number, requestId, reservedNanos } = value as BegunAttempt & { readonly reservedNanos: unknown };
  return { number, requestId, reservedNanos: BigInt(String(reservedNanos)) };
}
