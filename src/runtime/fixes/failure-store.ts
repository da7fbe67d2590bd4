import { sql, type Selectable } from 'kysely';
import type { Database, Tables } from '../../storage/index.ts';
import {
  type Failure,
  type FailureKind,
  type FailedProgram,
  type KeptFailure,
  unpackProgram,
} from './failure-record.ts';
import type { FailureReport } from './fix-types.ts';
import { toColumn } from './stored-json.ts';

type Db = Pick<Database, 'db'>;

/** A failure on its way into the database. */
export interface StoredFailure {
  readonly failure: Failure;
  readonly packed: Buffer | undefined;
  readonly sealed: string | undefined;
}

const mostFailures = 5000;

/** Keeps a failure; the same one again changes nothing. */
export async function insertFailure({ db }: Db, { failure, packed, sealed }: StoredFailure): Promise<void> {
  await db
    .insertInto('failure')
    .values({
      id: failure.id,
      kind: failure.kind,
      subject: failure.subject,
      app: failure.app,
      version: failure.version,
      customer: failure.customer,
      request_id: failure.requestId,
      signature: failure.signature,
      report: toColumn(failure.report),
      program: packed ?? null,
      sealed: sealed ?? null,
      created_at_ms: BigInt(failure.createdAtMs),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Keeps the table bounded: the oldest failures that were never worked on go first. */
export async function pruneFailures({ db }: Db, most = mostFailures): Promise<void> {
  await sql`
    DELETE FROM failure WHERE id IN (
      SELECT id FROM failure f WHERE NOT EXISTS (SELECT 1 FROM fix WHERE failure_id = f.id)
      ORDER BY created_at_ms DESC, id DESC OFFSET ${most}
    )`.execute(db);
}

/** A failure with its program, by its own id, or the latest one of a run or an app. */
export async function findFailure(
  { db }: Db,
  by: { readonly id: string } | { readonly subject: string },
): Promise<(Pick<KeptFailure, 'failure' | 'program'> & { readonly sealed: string | null }) | undefined> {
  const query = db.selectFrom('failure').selectAll();
  const named = 'id' in by ? query.where('id', '=', by.id) : query.where('subject', '=', by.subject);
  const row = await named.orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(1).executeTakeFirst();
  if (row === undefined) return undefined;
  const program = row.program === null ? undefined : unpackProgram<FailedProgram>(row.program);
  return { failure: toFailure(row), program, sealed: row.sealed };
}

/** The latest failures first. */
export async function listFailures(
  { db }: Db,
  page: {
    readonly limit: number;
    readonly kind?: FailureKind | undefined;
    readonly before?: { readonly atMs: number; readonly id: string } | undefined;
  },
): Promise<readonly Failure[]> {
  let query = db.selectFrom('failure').select(shown).orderBy('created_at_ms', 'desc').orderBy('id', 'desc');
  if (page.kind !== undefined) query = query.where('kind', '=', page.kind);
  const { before } = page;
  if (before !== undefined) {
    query = query.where(sql<boolean>`(created_at_ms, id) < (${BigInt(before.atMs)}, ${before.id})`);
  }
  const rows = await query
    .select(sql<boolean>`program IS NOT NULL`.as('is_kept'))
    .limit(page.limit)
    .execute();
  return rows.map((row) => toFailure({ ...row, program: row.is_kept ? Buffer.alloc(0) : null }));
}

const shown = [
  'id',
  'kind',
  'subject',
  'app',
  'version',
  'customer',
  'request_id',
  'signature',
  'report',
  'created_at_ms',
] as const;

function toFailure(row: Omit<Selectable<Tables['failure']>, 'sealed'>): Failure {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    app: row.app,
    version: row.version,
    customer: row.customer,
    requestId: row.request_id,
    signature: row.signature,
    report: row.report as FailureReport,
    canRunAgain: row.kind === 'app' || row.program !== null,
    createdAtMs: Number(row.created_at_ms),
  };
}
