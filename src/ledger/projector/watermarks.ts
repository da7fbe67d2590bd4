import { type Kysely, sql } from 'kysely';
import type { JournalPosition } from '../../journal/index.ts';
import type { Tables } from '../../storage/index.ts';
import { LedgerError } from '../ledger-error.ts';

/** Name of the projection that the product lives by. */
export const mainProjector = 'main';

/** Who projects which journal, as of which takeover. */
export interface ProjectorIdentity {
  readonly gatewayId: string;
  readonly projector: string;
  readonly epoch: bigint;
}

/** How far a projection is, and what it has counted on the way. */
export interface WatermarkRow {
  readonly gatewayId: string;
  readonly position: JournalPosition;
  readonly epoch: bigint;
  readonly facts: bigint;
  /** Facts that were told again and changed nothing. */
  readonly repeated: bigint;
}

/** Takes a journal's projection over from whoever had it, who is fenced from now on. */
export async function claimWatermark(
  db: Kysely<Tables>,
  { gatewayId, projector }: Omit<ProjectorIdentity, 'epoch'>,
): Promise<WatermarkRow> {
  const { rows } = await sql<StoredWatermark>`
    INSERT INTO watermark (gateway_id, projector, epoch, segment, byte_offset, horizon_ms, facts, repeated)
    VALUES (${gatewayId}, ${projector}, 1, 0, 0, 0, 0, 0)
    ON CONFLICT (gateway_id, projector) DO UPDATE SET epoch = watermark.epoch + 1
    RETURNING *`.execute(db);
  const [row] = rows;
  if (!row) throw new LedgerError('fenced', `the watermark of ${gatewayId} cannot be claimed`);
  return toRow(row);
}

/**
 * Moves a watermark if it is where and whose it is believed to be, and returns the day before which exchanges are
 * forgotten. It belongs into the transaction whose effects it stands for: no effect without it, and not twice.
 */
export async function moveWatermark(
  db: Kysely<Tables>,
  identity: ProjectorIdentity,
  move: { from: JournalPosition; to: JournalPosition; facts: number; repeated: number },
): Promise<number> {
  const { rows } = await sql<{ horizon_ms: bigint }>`
    UPDATE watermark SET segment = ${move.to.segment}, byte_offset = ${move.to.offset}, facts = facts + ${move.facts},
      repeated = repeated + ${move.repeated}
    WHERE gateway_id = ${identity.gatewayId} AND projector = ${identity.projector} AND epoch = ${identity.epoch}
      AND segment = ${move.from.segment} AND byte_offset = ${move.from.offset}
    RETURNING horizon_ms`.execute(db);
  const [row] = rows;
  if (!row) throw new LedgerError('fenced', `another projector has taken over the journal of ${identity.gatewayId}`);
  return Number(row.horizon_ms);
}

/** How far every journal is projected. */
export async function readWatermarks(db: Kysely<Tables>, projector = mainProjector): Promise<readonly WatermarkRow[]> {
  const rows = await db
    .selectFrom('watermark')
    .selectAll()
    .where('projector', '=', projector)
    .orderBy('gateway_id')
    .execute();
  return rows.map(toRow);
}

interface StoredWatermark {
  readonly gateway_id: string;
  readonly epoch: bigint;
  readonly segment: bigint;
  readonly byte_offset: bigint;
  readonly facts: bigint;
  readonly repeated: bigint;
}

function toRow(row: StoredWatermark): WatermarkRow {
  return {
    gatewayId: row.gateway_id,
    position: { segment: Number(row.segment), offset: Number(row.byte_offset) },
    epoch: row.epoch,
    facts: row.facts,
    repeated: row.repeated,
  };
}
