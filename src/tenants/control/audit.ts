import { type ControlStore, type PageRequest, pageSize } from './control-store.ts';

/** One change, as it was recorded. */
export interface AuditEntry {
  readonly id: string;
  readonly atMs: number;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly customer: string | undefined;
  readonly before: unknown;
  readonly after: unknown;
}

/** Lists changes, the newest first; `after` is the id of the last one seen. */
export async function listAudit(
  store: Pick<ControlStore, 'database'>,
  request: PageRequest & { readonly customer?: string | undefined } = {},
): Promise<AuditEntry[]> {
  let query = store.database.db.selectFrom('audit_entry').selectAll();
  if (request.after !== undefined && /^\d{1,18}$/.test(request.after)) {
    query = query.where('id', '<', BigInt(request.after));
  }
  if (request.customer !== undefined) query = query.where('customer_id', '=', request.customer);
  const rows = await query.orderBy('id', 'desc').limit(pageSize(request)).execute();
  return rows.map((row) => ({
    id: String(row.id),
    atMs: Number(row.at_ms),
    actor: row.actor,
    role: row.role,
    action: row.action,
    subjectKind: row.subject_kind,
    subjectId: row.subject_id,
    customer: row.customer_id ?? undefined,
    before: row.before ?? undefined,
    after: row.after ?? undefined,
  }));
}
