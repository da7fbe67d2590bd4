import { type Kysely, sql } from 'kysely';
import { bigintAsText } from '../../domain/json/bigint-as-text.ts';
import type { Database, Tables } from '../../storage/index.ts';
import type { RolloutPlan } from '../core/rollout-plan.ts';
import { openRollout, type RolloutState } from '../core/rollout-state.ts';

/** A rollout as it is kept. */
export interface Rollout {
  readonly plan: RolloutPlan;
  readonly state: RolloutState;
  readonly createdAtMs: number;
}

type Db = Pick<Database, 'db'>;

const mostLatest = 10_000;

/** Keeps a new rollout; false when another one of the same job is still running. */
export async function insertRollout({ db }: Db, { plan, state, createdAtMs }: Rollout): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('rollout')
    .values({
      id: plan.id,
      job: plan.job,
      plan: toJson(plan),
      state: toJson(state),
      stage: state.stage,
      created_at_ms: BigInt(createdAtMs),
      changed_at_ms: BigInt(createdAtMs),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Changes a rollout while nobody else does: gateways add what they saw one after another. */
export async function changeRollout(
  { db }: Db,
  id: string,
  change: (rollout: Rollout) => { readonly state: RolloutState; readonly atMs: number },
): Promise<Rollout | undefined> {
  const within = async (work: Kysely<Tables>): Promise<Rollout | undefined> => {
    const row = await work.selectFrom('rollout').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
    if (row === undefined) return undefined;
    const rollout = toRollout(row);
    const { state, atMs } = change(rollout);
    if (state !== rollout.state) {
      await work
        .updateTable('rollout')
        .set({ state: toJson(state), stage: state.stage, changed_at_ms: BigInt(atMs) })
        .where('id', '=', id)
        .execute();
    }
    return { ...rollout, state };
  };
  return db.isTransaction ? within(db) : db.transaction().execute(within);
}

/** The last rollout of each candidate in each job, in order of making: who answers, and who is kept out. */
export async function readLatest({ db }: Db): Promise<readonly Rollout[]> {
  const { rows } = await sql<RolloutRow>`
    SELECT plan, state, created_at_ms FROM (
      SELECT DISTINCT ON (job, plan->>'kind', plan->>'candidate', plan->>'model') plan, state, created_at_ms, id
      FROM rollout
      ORDER BY job, plan->>'kind', plan->>'candidate', plan->>'model', created_at_ms DESC, id DESC
    ) AS latest ORDER BY created_at_ms DESC, id DESC LIMIT ${mostLatest}`.execute(db);
  return rows.map(toRollout).toReversed();
}

/** What runs, and what changed since: the rest is known already. */
export async function readChanged({ db }: Db, sinceMs: number): Promise<readonly Rollout[]> {
  const rows = await db
    .selectFrom('rollout')
    .selectAll()
    .where((where) =>
      where.or([
        where('stage', 'in', ['offline', 'shadow', 'canary', 'needs_more']),
        where('changed_at_ms', '>=', BigInt(sinceMs)),
      ]),
    )
    .orderBy('created_at_ms')
    .orderBy('id')
    .execute();
  return rows.map(toRollout);
}

/** Rollouts as a file holds them. */
export function writeRollouts(rollouts: readonly Rollout[]): string {
  return toJson(rollouts);
}

/** Rollouts of a file; none when it holds anything else, which a newer version may have written. */
export function parseRollouts(text: string): readonly Rollout[] {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return [];
    return (value as readonly { plan: unknown; state: unknown; createdAtMs: number }[]).map(
      ({ plan, state, createdAtMs }) => toRollout({ plan, state, created_at_ms: createdAtMs }),
    );
  } catch {
    // The database says it again as soon as it is open.
    return [];
  }
}

/** One rollout; undefined for an unknown id. */
export async function findRollout({ db }: Db, id: string): Promise<Rollout | undefined> {
  const row = await db.selectFrom('rollout').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toRollout(row);
}

/** The latest first. */
export async function listRollouts(
  { db }: Db,
  query: {
    readonly job?: string | undefined;
    readonly limit: number;
    readonly before?: { readonly atMs: number; readonly id: string } | undefined;
  },
): Promise<readonly Rollout[]> {
  let select = db.selectFrom('rollout').selectAll().orderBy('created_at_ms', 'desc').orderBy('id', 'desc');
  if (query.job !== undefined) select = select.where('job', '=', query.job);
  const { before } = query;
  if (before) {
    select = select.where((where) =>
      where.or([
        where('created_at_ms', '<', BigInt(before.atMs)),
        where.and([where('created_at_ms', '=', BigInt(before.atMs)), where('id', '<', before.id)]),
      ]),
    );
  }
  return (await select.limit(query.limit).execute()).map(toRollout);
}

interface RolloutRow {
  readonly plan: unknown;
  readonly state: unknown;
  readonly created_at_ms: bigint | number | string;
}

function toRollout({ plan, state, created_at_ms: createdAtMs }: RolloutRow): Rollout {
  const kept = plan as Omit<RolloutPlan, 'shadow'> & { shadow: RolloutPlan['shadow'] & { maxNanos: string } };
  const known = state as Omit<RolloutState, 'shadowSpentNanos'> & { shadowSpentNanos: string };
  const whole = { ...kept, shadow: { ...kept.shadow, maxNanos: BigInt(kept.shadow.maxNanos) } };
  return {
    plan: whole,
    // States of earlier versions lack what these did not count.
    state: {
      ...openRollout(whole, Number(createdAtMs)),
      ...known,
      shadowSpentNanos: BigInt(known.shadowSpentNanos),
    },
    createdAtMs: Number(createdAtMs),
  };
}

function toJson(value: object): string {
  return JSON.stringify(value, bigintAsText);
}
