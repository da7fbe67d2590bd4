import { sql } from 'kysely';
import { PriceStore, RatingVersions } from '../catalog/index.ts';
import { customersPushedBelow, type Exposure } from '../domain/charges/margin-floor.ts';
import { type Plan, planAt } from '../domain/charges/plan.ts';
import type { Price } from '../domain/rating/price.ts';
import { type UsageBuckets, usageBuckets } from '../domain/rating/usage.ts';
import type { Database } from '../storage/index.ts';
import { readCustomerPlans } from '../tenants/index.ts';
import { unitColumns } from './projector/sums/use-sum.ts';

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

const recheckMs = 3_600_000;

/** Looks at margins when a price came into force since the last look, and once an hour for what customers began to use. */
export class MarginWatch {
  readonly #database: Database;
  readonly #alert: typeof alertMargins;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #recheckedMs = Number.NEGATIVE_INFINITY;

  constructor(database: Database, alert = alertMargins) {
    this.#database = database;
    this.#alert = alert;
  }

  async look(nowMs: number): Promise<readonly MarginAlert[]> {
    const isDue = nowMs - this.#recheckedMs >= recheckMs;
    if (!isDue && !(await this.#hasNewPrice(nowMs))) return [];
    const raised = await this.#alert(this.#database, nowMs);
    this.#lookedMs = nowMs;
    if (isDue) this.#recheckedMs = nowMs;
    return raised;
  }

  async #hasNewPrice(nowMs: number): Promise<boolean> {
    const { rows } = await sql<{ found: boolean }>`
      SELECT EXISTS (SELECT 1 FROM price_version
        WHERE position > 0 AND valid_from_ms > ${this.#lookedMs} AND valid_from_ms <= ${nowMs}) AS found`.execute(
      this.#database.db,
    );
    return rows[0]?.found === true;
  }
}

interface Move {
  readonly endpoint_id: string;
  readonly before_id: string;
  readonly after_id: string;
  readonly valid_from_ms: bigint;
}

interface Use {
  readonly endpoint_id: string;
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
  const plans = await readCustomerPlans(db);
  const floored = [...plans.keys()].filter((customer) => floorOf(plans, customer, nowMs) !== undefined);
  // Most organisations set no floor, and use is much to read.
  if (floored.length === 0) return [];
  const { rows: moves } = await sql<Move>`
    SELECT later.endpoint_id, earlier.id AS before_id, later.id AS after_id, later.valid_from_ms
    FROM price_version later
    JOIN price_version earlier ON earlier.endpoint_id = later.endpoint_id AND earlier.position = later.position - 1
    WHERE later.position > 0 AND later.valid_from_ms > ${nowMs - newFor} AND later.valid_from_ms <= ${nowMs}
    ORDER BY later.valid_from_ms, later.id`.execute(db);
  if (moves.length === 0) return [];
  const uses = await readUses(database, { customers: floored, moves, nowMs });
  const prices = await readPrices(database, [...new Set(moves.flatMap((move) => [move.before_id, move.after_id]))]);
  const versions = new RatingVersions(database);
  const contracts = [...uses.values()].flatMap((rows) => rows.flatMap((row) => row.contract_version || []));
  await versions.load({ prices: [], contracts: [...new Set(contracts)] });
  const raised: MarginAlert[] = [];
  for (const move of moves) {
    const [before, after] = [prices.get(move.before_id), prices.get(move.after_id)];
    if (!before || !after) continue;
    const exposures = (uses.get(move.endpoint_id) ?? []).flatMap((row): Exposure[] => {
      const plan = floorOf(plans, row.customer, nowMs);
      const contract = versions.contract(row.contract_version);
      return plan ? [{ customer: row.customer, plan, model: row.model, usage: usageOf(row), contract }] : [];
    });
    for (const customer of customersPushedBelow(exposures, { before, after })) {
      const alert = { versionId: move.after_id, endpointId: move.endpoint_id, customer };
      if (await raise(database, alert, nowMs)) raised.push(alert);
    }
  }
  return raised;
}

/** The plan that is in force, when it has a floor. */
function floorOf(plans: ReadonlyMap<string, readonly Plan[]>, customer: string, nowMs: number): Plan | undefined {
  const plan = planAt(plans.get(customer) ?? [], nowMs);
  return plan?.marginFloorPpm === undefined ? undefined : plan;
}

/** What those customers lately used of each endpoint whose price moved, read once for all of them. */
async function readUses(
  { db }: Database,
  wanted: { readonly customers: readonly string[]; readonly moves: readonly Move[]; readonly nowMs: number },
): Promise<ReadonlyMap<string, readonly Use[]>> {
  const columns = ['attempts', ...Object.values(unitColumns)];
  const sums = columns.map((column) => sql`sum(${sql.ref(column)})::bigint AS ${sql.ref(column)}`);
  const list = (values: readonly string[]) =>
    sql`(SELECT value FROM json_array_elements_text(${JSON.stringify([...new Set(values)])}::json))`;
  const { rows } = await sql<Use>`
    SELECT price_version.endpoint_id, customer, model, contract_version, ${sql.join(sums)}
    FROM host_usage_hour JOIN price_version ON price_version.id = host_usage_hour.price_version
    WHERE hour_ms >= ${wanted.nowMs - mixOf} AND customer IN ${list(wanted.customers)}
      AND price_version.endpoint_id IN ${list(wanted.moves.map((move) => move.endpoint_id))}
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`.execute(db);
  const uses = new Map<string, Use[]>();
  for (const row of rows) {
    const known = uses.get(row.endpoint_id);
    if (known) known.push(row);
    else uses.set(row.endpoint_id, [row]);
  }
  return uses;
}

async function readPrices(database: Database, ids: readonly string[]): Promise<ReadonlyMap<string, Price>> {
  const found = await new PriceStore(database).findVersions(ids);
  return new Map(found.map((version) => [version.id, version.price]));
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
