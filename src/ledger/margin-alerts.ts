import { sql } from 'kysely';
import { PriceStore, RatingVersions } from '../catalog/index.ts';
import { customersPushedBelow, type Exposure } from '../domain/margin-floor.ts';
import { type Plan, planAt } from '../domain/plan.ts';
import { type UsageBuckets, usageBuckets } from '../domain/usage.ts';
import type { Database } from '../storage/index.ts';
import { readCustomerPlans } from '../tenants/index.ts';
import { unitColumns } from './projector/use-sum.ts';

/** A customer whose margin a price took under the floor of its plan. */
export interface MarginAlert {
  readonly versionId: string;
  readonly endpointId: string;
  readonly customer: string;
}

const dayMs = 86_400_000;
/** Prices that came into force within this time are looked at: a customer may begin to use them a little later. */
const newFor = dayMs;
/** What a customer uses is what it used within this time. */
const mixOf = 7 * dayMs;

interface Move {
  readonly endpoint_id: string;
  readonly before_id: string;
  readonly after_id: string;
  readonly valid_from_ms: bigint;
}

interface Use {
  readonly customer: string;
  readonly model: string;
  readonly contract_version: string;
  readonly [column: string]: bigint | string;
}

/**
 * Raises one alert for each customer whose lately used mix stays under the margin floor of its plan at a price that is
 * new, and did not at the one before; the same alert is never raised twice. Work of the leader, now and then.
 */
export async function alertMargins(database: Database, nowMs: number): Promise<readonly MarginAlert[]> {
  const { db } = database;
  const { rows: moves } = await sql<Move>`
    SELECT later.endpoint_id, earlier.id AS before_id, later.id AS after_id, later.valid_from_ms
    FROM price_version later
    JOIN price_version earlier ON earlier.endpoint_id = later.endpoint_id AND earlier.position = later.position - 1
    WHERE later.position > 0 AND later.valid_from_ms > ${nowMs - newFor} AND later.valid_from_ms <= ${nowMs}
    ORDER BY later.valid_from_ms, later.id`.execute(db);
  if (moves.length === 0) return [];
  const plans = await readCustomerPlans(db);
  const raised: MarginAlert[] = [];
  for (const move of moves) {
    const found = await customersOf(database, move, { plans, nowMs });
    for (const customer of found) {
      const alert = { versionId: move.after_id, endpointId: move.endpoint_id, customer };
      if (await raise(database, alert, nowMs)) raised.push(alert);
    }
  }
  return raised;
}

async function customersOf(
  database: Database,
  move: Move,
  { plans, nowMs }: { readonly plans: ReadonlyMap<string, readonly Plan[]>; readonly nowMs: number },
): Promise<readonly string[]> {
  const columns = ['attempts', ...Object.values(unitColumns)];
  const sums = columns.map((column) => sql`sum(${sql.ref(column)})::bigint AS ${sql.ref(column)}`);
  const { rows } = await sql<Use>`
    SELECT customer, model, contract_version, ${sql.join(sums)} FROM host_usage_hour
    WHERE hour_ms >= ${nowMs - mixOf}
      AND price_version IN (SELECT id FROM price_version WHERE endpoint_id = ${move.endpoint_id})
    GROUP BY customer, model, contract_version ORDER BY customer, model, contract_version`.execute(database.db);
  const versions = new RatingVersions(database);
  const [before, after] = await readPrices(database, [move.before_id, move.after_id]);
  if (!before || !after) return [];
  await versions.load({ prices: [], contracts: rows.flatMap((row) => row.contract_version || []) });
  const exposures = rows.flatMap((row): Exposure[] => {
    const plan = planAt(plans.get(row.customer) ?? [], nowMs);
    if (plan?.marginFloorPpm === undefined) return [];
    const contract = versions.contract(row.contract_version);
    return [{ customer: row.customer, plan, model: row.model, usage: usageOf(row), contract }];
  });
  return customersPushedBelow(exposures, { before, after });
}

async function readPrices(database: Database, ids: readonly string[]) {
  const found = await new PriceStore(database).findVersions(ids);
  return ids.map((id) => found.find((version) => version.id === id)?.price);
}

/** The mean request: as one request, the sum would fall under prices for the longest contexts. */
function usageOf(row: Use): UsageBuckets {
  const attempts = Math.max(1, Number(row['attempts']));
  const means = usageBuckets.map((bucket) => [bucket, Math.ceil(Number(row[unitColumns[bucket]]) / attempts)] as const);
  return Object.fromEntries(means.filter(([, units]) => units > 0));
}

async function raise(
  { db }: Database,
  { versionId, endpointId, customer }: MarginAlert,
  nowMs: number,
): Promise<boolean> {
  const inserted = await db
    .insertInto('price_alert')
    .values({
      id: `margin_${versionId}_${customer}`,
      kind: 'margin_below_floor',
      severity: 'page',
      endpoint_id: endpointId,
      raised_at_ms: BigInt(nowMs),
      paged_at_ms: BigInt(nowMs),
      seen_at_ms: BigInt(nowMs),
      sources: '[]',
      moves: '[]',
      message: `The new price of ${endpointId} takes the margin of customer ${customer} under the floor of its plan.`,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}
