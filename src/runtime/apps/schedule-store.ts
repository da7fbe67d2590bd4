import { sql } from 'kysely';
import type { Database } from '../../storage/index.ts';
import type { Schedule, ScheduleRun, ScheduleSettings } from './app-types.ts';

/** A schedule whose time has come. */
export interface DueSchedule extends ScheduleSettings {
  readonly app: string;
  readonly dueAtMs: number;
  /** Somebody is still at work on the due time before. */
  readonly isBusy: boolean;
}

/** What a due time becomes, in one step. */
export interface DueDecision {
  readonly due: DueSchedule;
  readonly nextDueAtMs: number | null;
  readonly nowMs: number;
  /** Absent: it is skipped. */
  readonly lease?: { readonly owner: string; readonly untilMs: number };
}

const keptRunsMs = 30 * 86_400_000;

/** Schedules and their due times in Postgres, for any number of gateways. */
export class ScheduleStore {
  readonly #db: Database['db'];

  constructor({ db }: Pick<Database, 'db'>) {
    this.#db = db;
  }

  async list(app: string): Promise<Schedule[]> {
    const rows = await this.#db.selectFrom('app_schedule').selectAll().where('app', '=', app).orderBy('name').execute();
    const runs = await this.#db
      .selectFrom('app_schedule_run')
      .selectAll()
      .distinctOn(['schedule'])
      .where('app', '=', app)
      .orderBy('schedule')
      .orderBy('due_at_ms', 'desc')
      .execute();
    return rows.map((row) => {
      const run = runs.find(({ schedule }) => schedule === row.name);
      return {
        app,
        name: row.name,
        cron: row.cron,
        timeZone: row.time_zone,
        overlap: row.overlap,
        nextDueAtMs: row.next_due_at_ms === null ? null : Number(row.next_due_at_ms),
        lastRun: run === undefined ? null : toRun(run),
      };
    });
  }

  /** Makes these the schedules of an app; those that stay as they are keep their due time. */
  async replace(
    app: string,
    wanted: readonly (ScheduleSettings & { readonly nextDueAtMs: number | null })[],
  ): Promise<void> {
    const names = wanted.map(({ name }) => name);
    let gone = this.#db.deleteFrom('app_schedule').where('app', '=', app);
    if (names.length > 0) gone = gone.where('name', 'not in', names);
    await gone.execute();
    for (const { name, cron, timeZone, overlap, nextDueAtMs } of wanted) {
      const values = { cron, time_zone: timeZone, overlap, next_due_at_ms: toInt8(nextDueAtMs) };
      await this.#db
        .insertInto('app_schedule')
        .values({ app, name, ...values, lease_owner: null, lease_until_ms: null })
        .onConflict((conflict) =>
          conflict.columns(['app', 'name']).doUpdateSet({
            ...values,
            next_due_at_ms: sql<bigint | null>`CASE WHEN app_schedule.cron = excluded.cron
              AND app_schedule.time_zone = excluded.time_zone
              THEN app_schedule.next_due_at_ms ELSE excluded.next_due_at_ms END`,
          }),
        )
        .execute();
    }
  }

  async due(nowMs: number, limit: number): Promise<DueSchedule[]> {
    const rows = await this.#db
      .selectFrom('app_schedule')
      .selectAll()
      .where('next_due_at_ms', '<=', BigInt(nowMs))
      .where(({ eb, or }) =>
        or([eb('overlap', '=', 'skip'), eb('lease_until_ms', 'is', null), eb('lease_until_ms', '<=', BigInt(nowMs))]),
      )
      .orderBy('next_due_at_ms')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      app: row.app,
      name: row.name,
      cron: row.cron,
      timeZone: row.time_zone,
      overlap: row.overlap,
      dueAtMs: Number(row.next_due_at_ms),
      isBusy: row.lease_until_ms !== null && Number(row.lease_until_ms) > nowMs,
    }));
  }

  /** Takes a due time; answers false when another gateway was faster, or it was taken before. */
  async decide({ due, nextDueAtMs, nowMs, lease }: DueDecision): Promise<boolean> {
    return this.#db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('app_schedule')
        .set({
          next_due_at_ms: toInt8(nextDueAtMs),
          ...(lease && { lease_owner: lease.owner, lease_until_ms: BigInt(lease.untilMs) }),
        })
        .where('app', '=', due.app)
        .where('name', '=', due.name)
        .where('next_due_at_ms', '=', BigInt(due.dueAtMs))
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      const { numInsertedOrUpdatedRows } = await trx
        .insertInto('app_schedule_run')
        .values({
          app: due.app,
          schedule: due.name,
          due_at_ms: BigInt(due.dueAtMs),
          status: lease === undefined ? 'skipped' : 'running',
          started_at_ms: BigInt(nowMs),
          ended_at_ms: lease === undefined ? BigInt(nowMs) : null,
          detail: lease === undefined ? 'the one before was still at work' : null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return (numInsertedOrUpdatedRows ?? 0n) > 0n;
    });
  }

  /** Writes down how a due time ended, and lets go of the schedule. */
  async finish(
    { app, name, dueAtMs }: DueSchedule,
    owner: string,
    ended: { readonly isDone: boolean; readonly detail: string; readonly atMs: number },
  ): Promise<void> {
    await this.#db
      .updateTable('app_schedule_run')
      .set({
        status: ended.isDone ? 'succeeded' : 'failed',
        ended_at_ms: BigInt(ended.atMs),
        detail: ended.detail === '' ? null : ended.detail.slice(0, 1000),
      })
      .where('app', '=', app)
      .where('schedule', '=', name)
      .where('due_at_ms', '=', BigInt(dueAtMs))
      .execute();
    await this.#db
      .updateTable('app_schedule')
      .set({ lease_owner: null, lease_until_ms: null })
      .where('app', '=', app)
      .where('name', '=', name)
      .where('lease_owner', '=', owner)
      .execute();
    await this.#db
      .deleteFrom('app_schedule_run')
      .where('app', '=', app)
      .where('schedule', '=', name)
      .where('due_at_ms', '<', BigInt(ended.atMs - keptRunsMs))
      .execute();
  }
}

function toRun(row: {
  readonly due_at_ms: bigint;
  readonly status: ScheduleRun['status'];
  readonly started_at_ms: bigint;
  readonly ended_at_ms: bigint | null;
  readonly detail: string | null;
}): ScheduleRun {
  return {
    dueAtMs: Number(row.due_at_ms),
    status: row.status,
    startedAtMs: Number(row.started_at_ms),
    endedAtMs: row.ended_at_ms === null ? null : Number(row.ended_at_ms),
    detail: row.detail,
  };
}

function toInt8(value: number | null): bigint | null {
  return value === null ? null : BigInt(value);
}
