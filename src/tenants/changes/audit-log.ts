import { bigintAsText } from '../../domain/json/bigint-as-text.ts';
import type { Database } from '../../storage/index.ts';

/** One change, as it is kept for ever. Holds no secrets. */
export interface AuditRecord {
  readonly id: string;
  readonly atMs: number;
  readonly actor: string;
  readonly role: string;
  /** Noun and verb: `customer.create`. */
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly customerId: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** A change about to be recorded. */
export interface NewAuditRecord {
  readonly atMs: number;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly customerId?: string | undefined;
  readonly before?: object | undefined;
  readonly after?: object | undefined;
}

/** Which records to read, newest first. */
export interface AuditQuery {
  readonly limit: number;
  /** Only records older than this one. */
  readonly beforeId?: string | undefined;
  readonly customerId?: string | undefined;
  readonly action?: string | undefined;
  readonly subjectId?: string | undefined;
}

/** Records a change; call it in the transaction that makes the change, so that neither is without the other. */
export async function recordChange({ db }: Pick<Database, 'db'>, record: NewAuditRecord): Promise<void> {
  await db
    .insertInto('audit_entry')
    .values({
      at_ms: BigInt(record.atMs),
      actor: record.actor,
      role: record.role,
      action: record.action,
      subject_kind: record.subjectKind,
      subject_id: record.subjectId,
      customer_id: record.customerId ?? null,
      before: toJson(record.before),
      after: toJson(record.after),
    })
    .execute();
}

/** Reads the audit log, newest first; one row more than the limit tells that there are further ones. */
export async function readAuditLog({ db }: Database, query: AuditQuery): Promise<AuditRecord[]> {
  let rows = db
    .selectFrom('audit_entry')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(query.limit + 1);
  if (query.beforeId !== undefined) rows = rows.where('id', '<', BigInt(query.beforeId));
  if (query.customerId !== undefined) rows = rows.where('customer_id', '=', query.customerId);
  if (query.action !== undefined) rows = rows.where('action', '=', query.action);
  if (query.subjectId !== undefined) rows = rows.where('subject_id', '=', query.subjectId);
  return (await rows.execute()).map((row) => ({
    id: row.id.toString(),
    atMs: Number(row.at_ms),
    actor: row.actor,
    role: row.role,
    action: row.action,
    subjectKind: row.subject_kind,
    subjectId: row.subject_id,
    customerId: row.customer_id,
    before: row.before,
    after: row.after,
  }));
}

function toJson(value: object | undefined): string | null {
  if (value === undefined) return null;
  return JSON.stringify(value, bigintAsText);
}
