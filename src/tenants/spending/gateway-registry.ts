import { sql } from 'kysely';
import type { Database } from '../../storage/index.ts';

/** A gateway process in one of its runs. */
export interface GatewayRun {
  readonly gatewayId: string;
  readonly epoch: bigint;
}

/** How many gateways are live, and the place of the asking one among them. */
export interface LiveGateways {
  readonly count: number;
  readonly place: number;
}

/** What a heartbeat found. */
export type Beat =
  | { readonly isFenced: false; readonly live: LiveGateways }
  /** Superseded: a later run of the same gateway exists; otherwise its leases were released by somebody. */
  | { readonly isFenced: true; readonly isSuperseded: boolean };

/** A gateway as pages and commands show it. */
export interface GatewayState extends GatewayRun {
  readonly status: 'live' | 'in_doubt' | 'stopped';
  readonly beatAtMs: bigint;
  /** Granted to it and not yet projected. */
  readonly leasedNanos: bigint;
}

/** The database's clock: gateways' own clocks may differ. */
const databaseNowMs = sql<bigint>`(extract(epoch FROM clock_timestamp()) * 1000)::bigint`;

/** Starts a new run: every earlier run of the same gateway is in doubt from now on and can lease nothing more. */
export async function registerGateway(database: Database, gatewayId: string, ttlMs: number): Promise<GatewayRun> {
  return database.db.transaction().execute(async (trx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`gateway:${gatewayId}`}, 0))`.execute(trx);
    await sql`UPDATE gateway SET status = 'in_doubt' WHERE gateway_id = ${gatewayId} AND status = 'live'`.execute(trx);
    const { rows } = await sql<{ epoch: bigint }>`
      INSERT INTO gateway (gateway_id, epoch, started_at_ms, beat_at_ms, expires_at_ms, status)
      SELECT ${gatewayId}, coalesce(max(epoch), 0) + 1, ${databaseNowMs}, ${databaseNowMs},
             ${databaseNowMs} + ${ttlMs}::bigint, 'live'
      FROM gateway WHERE gateway_id = ${gatewayId}
      RETURNING epoch`.execute(trx);
    return { gatewayId, epoch: rows[0]?.epoch ?? 1n };
  });
}

/** Renews a run, marks others that have stopped beating, and counts the live ones. */
export async function beat(database: Database, { gatewayId, epoch }: GatewayRun, ttlMs: number): Promise<Beat> {
  const renewed = await sql`
    UPDATE gateway SET beat_at_ms = ${databaseNowMs}, expires_at_ms = ${databaseNowMs} + ${ttlMs}::bigint, status = 'live'
    WHERE gateway_id = ${gatewayId} AND epoch = ${epoch} AND status <> 'stopped'
      AND NOT EXISTS (SELECT FROM gateway AS later WHERE later.gateway_id = ${gatewayId} AND later.epoch > ${epoch})
    RETURNING epoch`.execute(database.db);
  if (renewed.rows.length === 0) {
    const later = await database.db
      .selectFrom('gateway')
      .select('epoch')
      .where('gateway_id', '=', gatewayId)
      .where('epoch', '>', epoch)
      .execute();
    return { isFenced: true, isSuperseded: later.length > 0 };
  }
  const { rows } = await sql<{ live: bigint; before: bigint }>`
    WITH lapsed AS (
      UPDATE gateway SET status = 'in_doubt'
      WHERE (gateway_id, epoch) IN (
        SELECT gateway_id, epoch FROM gateway WHERE status = 'live' AND expires_at_ms < ${databaseNowMs}
        ORDER BY gateway_id, epoch FOR UPDATE SKIP LOCKED)
      RETURNING 1)
    SELECT count(*) AS live, count(*) FILTER (WHERE gateway_id < ${gatewayId}) AS before
    FROM gateway WHERE status = 'live' AND expires_at_ms >= ${databaseNowMs}`.execute(database.db);
  const [found] = rows;
  return {
    isFenced: false,
    live: { count: Math.max(1, Number(found?.live ?? 1n)), place: Number(found?.before ?? 0n) },
  };
}

/** Runs whose leases count as spent until their journals are projected to the end. */
export async function listGateways(database: Database): Promise<GatewayState[]> {
  const { rows } = await sql<{
    gateway_id: string;
    epoch: bigint;
    status: GatewayState['status'];
    beat_at_ms: bigint;
    leased: bigint;
  }>`
    SELECT gateway.gateway_id, gateway.epoch, gateway.status, gateway.beat_at_ms,
           coalesce(sum(lease.granted_nanos - lease.settled_nanos), 0) AS leased
    FROM gateway LEFT JOIN budget_lease AS lease USING (gateway_id, epoch)
    WHERE gateway.status <> 'stopped'
    GROUP BY gateway.gateway_id, gateway.epoch ORDER BY gateway.gateway_id, gateway.epoch`.execute(database.db);
  return rows.map((row) => ({
    gatewayId: row.gateway_id,
    epoch: row.epoch,
    status: row.status,
    beatAtMs: row.beat_at_ms,
    leasedNanos: row.leased,
  }));
}

/**
 * Gives the unused leases of a gateway's runs back, and fences these runs. Only right once every charge in their
 * journal is projected, or when the operator knows that the journal is lost. Returns what came back.
 */
export async function releaseLeases(
  database: Database,
  { gatewayId, beforeEpoch }: { readonly gatewayId: string; readonly beforeEpoch?: bigint | undefined },
): Promise<bigint> {
  return database.db.transaction().execute(async (trx) => {
    // Waits for grants under way: each holds the row of its run.
    await sql`
      UPDATE gateway SET status = 'stopped'
      WHERE gateway_id = ${gatewayId} AND epoch < coalesce(${beforeEpoch ?? null}::bigint, 9223372036854775807)`.execute(
      trx,
    );
    await sql`
      SELECT 1 FROM spending_counter AS counter
      WHERE (budget_id, subject, period_start_ms) IN (
        SELECT budget_id, subject, period_start_ms FROM budget_lease JOIN gateway USING (gateway_id, epoch)
        WHERE gateway_id = ${gatewayId} AND gateway.status = 'stopped')
      ORDER BY budget_id, subject, period_start_ms FOR UPDATE`.execute(trx);
    const { rows } = await sql<{ released: bigint }>`
      WITH void AS (
        DELETE FROM budget_lease AS lease USING gateway
        WHERE lease.gateway_id = ${gatewayId} AND gateway.gateway_id = lease.gateway_id
          AND gateway.epoch = lease.epoch AND gateway.status = 'stopped'
        RETURNING budget_id, subject, period_start_ms, granted_nanos - settled_nanos AS unused),
      total AS (
        SELECT budget_id, subject, period_start_ms, sum(unused)::bigint AS unused FROM void GROUP BY 1, 2, 3)
      UPDATE spending_counter AS counter SET leased_nanos = counter.leased_nanos - total.unused
      FROM total
      WHERE counter.budget_id = total.budget_id AND counter.subject = total.subject
        AND counter.period_start_ms = total.period_start_ms
      RETURNING total.unused AS released`.execute(trx);
    return rows.reduce((sum, { released }) => sum + released, 0n);
  });
}
