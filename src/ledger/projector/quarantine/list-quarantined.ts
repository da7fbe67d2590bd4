import type { Kysely } from 'kysely';
import type { Tables } from '../../../storage/index.ts';

/** A fact, or an exchange, that is not in the books. */
export interface ListedQuarantine {
  readonly id: bigint;
  readonly gatewayId: string;
  readonly segment: number;
  readonly byteOffset: number;
  readonly reason: string;
  readonly detail: string;
  readonly requestId: string;
  readonly factType: string;
  /** Amounts that ledger and rollups lack because of it. */
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
  /** Who let it out, when and why; undefined while it is set apart. */
  readonly release: { readonly atMs: number; readonly by: string; readonly reason: string } | undefined;
}

/** What was set apart, newest first; for operators, who decide about each. */
export async function listQuarantined(
  db: Kysely<Tables>,
  query: {
    readonly limit: number;
    readonly beforeId?: bigint | undefined;
    readonly reason?: string | undefined;
    readonly isReleased?: boolean | undefined;
  },
): Promise<readonly ListedQuarantine[]> {
  let wanted = db
    .selectFrom('quarantine')
    .select(['id', 'gateway_id', 'segment', 'byte_offset', 'reason', 'detail', 'request_id', 'fact_type'])
    .select(['cost_nanos', 'charge_nanos', 'released_at_ms', 'released_by', 'release_reason'])
    .orderBy('id', 'desc')
    .limit(query.limit);
  if (query.beforeId !== undefined) wanted = wanted.where('id', '<', query.beforeId);
  if (query.reason !== undefined) wanted = wanted.where('reason', '=', query.reason);
  if (query.isReleased !== undefined) wanted = wanted.where('released_at_ms', query.isReleased ? 'is not' : 'is', null);
  return (await wanted.execute()).map((row) => ({
    id: row.id,
    gatewayId: row.gateway_id,
    segment: Number(row.segment),
    byteOffset: Number(row.byte_offset),
    reason: row.reason,
    detail: row.detail,
    requestId: row.request_id,
    factType: row.fact_type,
    costNanos: row.cost_nanos,
    chargeNanos: row.charge_nanos,
    release:
      row.released_at_ms === null
        ? undefined
        : { atMs: Number(row.released_at_ms), by: row.released_by ?? '', reason: row.release_reason ?? '' },
  }));
}
