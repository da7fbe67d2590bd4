import { type Kysely, sql } from 'kysely';
import { bigintAsText } from '../../domain/json/bigint-as-text.ts';
import { claimWork, type Database, type NewClaim, type Tables } from '../../storage/index.ts';
import type { EvalReport } from './eval-report.ts';
import type { EvalItem, EvalResult, EvalSpec } from './eval-spec.ts';
import type { ItemHistory } from './plan-items.ts';
import { answerName } from './run-eval.ts';

/** A run as it is kept. */
export interface EvalRun {
  readonly id: string;
  readonly job: string;
  readonly state: Tables['eval_run']['state'];
  readonly spec: EvalSpec;
  readonly graders: string;
  readonly itemCount: number;
  readonly maxNanos: bigint;
  readonly spentNanos: bigint;
  readonly detail: string | null;
  readonly report: EvalReport | null;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
}

type Db = Kysely<Tables>;

/** Keeps a new run, to be taken up by whichever gateway is free. */
export async function insertRun(
  { db }: Database,
  run: Pick<EvalRun, 'id' | 'spec' | 'graders' | 'createdAtMs'>,
  items: readonly EvalItem[],
): Promise<void> {
  const { id, spec, graders, createdAtMs } = run;
  await db
    .insertInto('eval_run')
    .values({
      id,
      job: spec.job,
      state: 'queued',
      spec: toJson(spec),
      graders,
      item_count: items.length,
      max_nanos: spec.maxNanos,
      spent_nanos: 0n,
      detail: null,
      report: null,
      created_at_ms: BigInt(createdAtMs),
      finished_at_ms: null,
      claimed_by: null,
    })
    .execute();
  const rows = items.map(({ id: itemId, digest, ...body }, ordinal) => ({
    run_id: id,
    item_id: itemId,
    ordinal,
    digest,
    body: toJson(body),
  }));
  for (let start = 0; start < rows.length; start += 200) {
    await db
      .insertInto('eval_item')
      .values(rows.slice(start, start + 200))
      .execute();
  }
}

/** Takes up the oldest run that nobody works on; one whose worker is gone is taken up again where it stood. */
export async function claimRun({ db }: Database, claim: NewClaim): Promise<EvalRun | undefined> {
  // Whoever had it before is gone: what was set aside then may have been spent.
  const alsoSet = sql`spent_nanos = spent_nanos + reserved_nanos, reserved_nanos = 0`;
  const id = await claimWork({ db }, 'eval_run', { ...claim, alsoSet });
  return id === undefined ? undefined : findRun({ db }, id);
}

/** A run as one worker has it: whoever lost it to another changes nothing of it any more. */
export interface ClaimedRun {
  readonly id: string;
  readonly by: string;
}

/** Ends a run with its figures. */
export async function finishRun(
  { db }: Database,
  end: Pick<EvalRun, 'state' | 'detail' | 'spentNanos'> &
    ClaimedRun & { readonly report: EvalReport; readonly atMs: number },
): Promise<void> {
  await db
    .updateTable('eval_run')
    .set({
      state: end.state,
      detail: end.detail,
      spent_nanos: sql`greatest(spent_nanos, ${end.spentNanos.toString()}::bigint)`,
      report: toJson(end.report),
      finished_at_ms: BigInt(end.atMs),
    })
    .where('id', '=', end.id)
    .where('claimed_by', '=', end.by)
    .where('state', '=', 'running')
    .execute();
}

/** Stops a run that is not over; what it has found stays. False when it was over already. */
export async function stopRun({ db }: Database, id: string, atMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('eval_run')
    .set({ state: 'stopped', detail: 'it was stopped', finished_at_ms: BigInt(atMs) })
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** One run; undefined for an unknown id. */
export async function findRun({ db }: { readonly db: Db }, id: string): Promise<EvalRun | undefined> {
  const row = await db.selectFrom('eval_run').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toRun(row);
}

/** The latest runs first. */
export async function listRuns(
  { db }: Database,
  query: {
    readonly job?: string | undefined;
    readonly limit: number;
    readonly before?: { readonly atMs: number; readonly id: string } | undefined;
  },
): Promise<readonly EvalRun[]> {
  let select = db
    .selectFrom('eval_run')
    .selectAll()
    .orderBy('created_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit);
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
  return (await select.execute()).map(toRun);
}

/** Items of a run in the order given. */
export async function readItems({ db }: Database, runId: string): Promise<readonly EvalItem[]> {
  const rows = await db.selectFrom('eval_item').selectAll().where('run_id', '=', runId).orderBy('ordinal').execute();
  return rows.map(({ item_id: id, digest, body }) => ({ ...(body as Omit<EvalItem, 'id' | 'digest'>), id, digest }));
}

/** What earlier runs found of the same items. */
export async function readHistories({ db }: Database, runId: string): Promise<ReadonlyMap<string, ItemHistory>> {
  const { rows } = await sql<{ digest: string; passed: string; failed: string }>`
    SELECT i.digest,
      count(DISTINCT r.candidate) FILTER (WHERE r.verdict = 'pass') AS passed,
      count(DISTINCT r.candidate) FILTER (WHERE r.verdict = 'fail') AS failed
    FROM eval_item own JOIN eval_item i ON i.digest = own.digest AND i.run_id <> own.run_id
    JOIN eval_result r ON r.run_id = i.run_id AND r.item_id = i.item_id
    WHERE own.run_id = ${runId} GROUP BY i.digest`.execute(db);
  return new Map(
    rows.map(({ digest, passed, failed }) => [digest, { passed: Number(passed), failed: Number(failed) }]),
  );
}

/**
 * The first request of each kept item and model, of this or an earlier run: an item that is asked every night is one
 * piece of evidence, not one more each night.
 */
export async function readFirstAnswers({ db }: Database, runId: string): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ item_id: string; candidate: string; request_id: string }>`
    SELECT DISTINCT ON (own.item_id, r.candidate) own.item_id, r.candidate, r.request_id
    FROM eval_item own JOIN eval_item i ON i.digest = own.digest
    JOIN eval_run run ON run.id = i.run_id AND run.spec->>'isLogged' = 'true'
    JOIN eval_result r ON r.run_id = i.run_id AND r.item_id = i.item_id AND r.request_id <> ''
    WHERE own.run_id = ${runId} AND run.job = (SELECT job FROM eval_run WHERE id = ${runId})
    ORDER BY own.item_id, r.candidate, r.at_ms, r.request_id`.execute(db);
  return new Map(rows.map((row) => [answerName(row.item_id, row.candidate, 0), row.request_id]));
}

/** Sets money of a run aside, or gives it back: after a crash what is set aside counts as spent. */
export async function reserveMoney({ db }: Database, { id, by }: ClaimedRun, nanos: bigint): Promise<void> {
  await sql`UPDATE eval_run SET reserved_nanos = greatest(0, reserved_nanos + ${nanos.toString()}::bigint)
    WHERE id = ${id} AND claimed_by = ${by}`.execute(db);
}

/** Keeps one graded answer and adds what was spent on it to the run; the same one again changes nothing. */
export async function insertResult(
  { db }: Database,
  { id, by }: ClaimedRun,
  made: { readonly result: EvalResult; readonly spentNanos: bigint; readonly atMs: number },
): Promise<void> {
  const { spentNanos } = made;
  await db.transaction().execute(async (work) => {
    // Its successor asks again: what was set aside for this answer was counted as spent.
    const own = work.selectFrom('eval_run').select('id').where('id', '=', id).where('claimed_by', '=', by);
    if ((await own.forUpdate().executeTakeFirst()) === undefined) return;
    if (!(await insertNew(work, id, made))) return;
    await sql`UPDATE eval_run SET spent_nanos = spent_nanos + ${spentNanos.toString()}::bigint
      WHERE id = ${id}`.execute(work);
  });
}

async function insertNew(
  db: Db,
  runId: string,
  { result, atMs }: { readonly result: EvalResult; readonly atMs: number },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('eval_result')
    .values({
      run_id: runId,
      item_id: result.itemId,
      candidate: result.candidate,
      sample: result.sample,
      request_id: result.requestId,
      host: result.host,
      score: result.score,
      verdict: result.verdict,
      reasons: toJson(result.reasons),
      // A database text holds anything but this one character.
      answer: result.answer.replaceAll('\u0000', ''),
      cost_nanos: result.costNanos,
      output_units: BigInt(Math.round(result.outputTokens)),
      first_byte_ms: null,
      total_ms: result.totalMs,
      at_ms: BigInt(atMs),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Every graded answer of a run. */
export async function readResults({ db }: Database, runId: string): Promise<readonly EvalResult[]> {
  const rows = await db
    .selectFrom('eval_result')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('item_id')
    .orderBy('candidate')
    .orderBy('sample')
    .execute();
  return rows.map((row) => ({
    itemId: row.item_id,
    candidate: row.candidate,
    sample: row.sample,
    requestId: row.request_id,
    model: row.candidate,
    host: row.host,
    score: row.score,
    verdict: row.verdict,
    reasons: row.reasons,
    answer: row.answer,
    costNanos: row.cost_nanos,
    outputTokens: Number(row.output_units),
    totalMs: row.total_ms,
  }));
}

function toRun(
  row: {
    readonly [Column in keyof Tables['eval_run']]: unknown;
  } & { readonly state: EvalRun['state']; readonly created_at_ms: bigint; readonly finished_at_ms: bigint | null },
): EvalRun {
  const spec = row.spec as Omit<EvalSpec, 'maxNanos'> & { readonly maxNanos: string };
  return {
    id: String(row.id),
    job: String(row.job),
    state: row.state,
    spec: { ...spec, maxNanos: BigInt(spec.maxNanos) },
    graders: String(row.graders),
    itemCount: Number(row.item_count),
    maxNanos: BigInt(spec.maxNanos),
    spentNanos: BigInt(String(row.spent_nanos)),
    detail: row.detail === null ? null : String(row.detail),
    report: row.report as EvalReport | null,
    createdAtMs: Number(row.created_at_ms),
    finishedAtMs: row.finished_at_ms === null ? null : Number(row.finished_at_ms),
  };
}

/** Amounts travel as text. */
function toJson(value: unknown): string {
  return JSON.stringify(value, bigintAsText).replaceAll('\\u0000', '');
}
