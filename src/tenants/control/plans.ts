import { hash } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { Config } from '../../config/index.ts';
import type { Plan } from '../../domain/charges/plan.ts';
import { type PlanTerms, PlanTermsError, planProblems, readPlan } from '../../domain/charges/plan-terms.ts';
import type { Tables } from '../../storage/index.ts';
import { type Actor, type Change, changeControl, type ControlStore, toJson } from './control-store.ts';
import { invalid } from './customers.ts';
import { subscribe } from './subscriptions.ts';

/** One version of a plan's terms; it never changes, because facts name it. */
export interface PlanVersion {
  readonly id: string;
  readonly plan: string;
  /** 1, 2, 3 … in order of making. */
  readonly version: number;
  readonly terms: PlanTerms;
  readonly createdAtMs: number;
}

/** Names a version by its content: the same terms are the same version, wherever they are written. */
export function planVersionId(plan: string, terms: PlanTerms): string {
  return `${plan}@${hash('sha256', JSON.stringify(terms), 'hex').slice(0, 16)}`;
}

/** Makes a version of a plan, and the plan with its first. Terms that exist already give the version they are. */
export async function createPlanVersion(
  store: ControlStore,
  actor: Actor,
  { plan, terms }: { readonly plan: string; readonly terms: PlanTerms },
): Promise<PlanVersion> {
  const [problem] = planProblems(terms);
  if (problem !== undefined) throw invalid('terms', problem);
  const id = planVersionId(plan, terms);
  readTerms(plan, id, terms);
  const known = await findPlanVersion(store, id);
  if (known) return known;
  return changeControl(store, actor, (change) => insertVersion(change, { id, plan, terms }));
}

/** A version by its id. */
export async function findPlanVersion(
  { database }: Pick<ControlStore, 'database'>,
  id: string,
): Promise<PlanVersion | undefined> {
  const row = await database.db.selectFrom('plan_version').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toVersion(row);
}

/** Every version of every plan, by name, the latest of each first. */
export async function listPlanVersions({ database }: Pick<ControlStore, 'database'>): Promise<readonly PlanVersion[]> {
  const rows = await database.db
    .selectFrom('plan_version')
    .selectAll()
    .orderBy('plan_id')
    .orderBy('version', 'desc')
    .execute();
  return rows.map(toVersion);
}

/** The terms of every customer that has a plan, in the order in which they came into force. */
export async function readCustomerPlans(db: Kysely<Tables>): Promise<ReadonlyMap<string, readonly Plan[]>> {
  const rows = await db
    .selectFrom('subscription')
    .innerJoin('plan_version', 'plan_version.id', 'subscription.plan_version_id')
    .select(['customer_id', 'plan_version.id', 'plan_id', 'terms', 'valid_from_ms'])
    .orderBy('valid_from_ms')
    .execute();
  const plans = new Map<string, Plan[]>();
  for (const row of rows) {
    const identity = { name: row.plan_id, versionId: row.id, validFromMs: Number(row.valid_from_ms) };
    const plan = readPlan(identity, row.terms as PlanTerms);
    const known = plans.get(row.customer_id);
    if (known) known.push(plan);
    else plans.set(row.customer_id, [plan]);
  }
  return plans;
}

const fileActor = { name: 'switchyard.yaml', role: 'config' } as const;

/** Brings plans of the configuration file into the database, and its customers on them; what is there already stays. */
export async function syncPlans(
  store: ControlStore,
  { plans, customers }: Pick<Config, 'plans' | 'customers'>,
): Promise<void> {
  for (const [plan, terms] of Object.entries(plans)) await createPlanVersion(store, fileActor, { plan, terms });
  for (const { name, plan } of customers) {
    const terms = plan === undefined ? undefined : plans[plan];
    if (plan === undefined || !terms) continue;
    const wanted = planVersionId(plan, terms);
    const current = await store.database.db
      .selectFrom('subscription')
      .select('plan_version_id')
      .where('customer_id', '=', name)
      .where('valid_to_ms', 'is', null)
      .executeTakeFirst();
    if (current?.plan_version_id === wanted) continue;
    await subscribe(store, fileActor, { customer: name, planVersionId: wanted });
  }
}

async function insertVersion(
  { trx, nowMs, record }: Change,
  { id, plan, terms }: { readonly id: string; readonly plan: string; readonly terms: PlanTerms },
): Promise<PlanVersion> {
  await trx
    .insertInto('plan')
    .values({ id: plan, display_name: plan, status: 'active', created_at_ms: nowMs, updated_at_ms: nowMs })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ updated_at_ms: nowMs }))
    .execute();
  // The plan's row is locked now: versions of one plan are numbered one after the other.
  const latest = await trx
    .selectFrom('plan_version')
    .select(({ fn }) => fn.max('version').as('version'))
    .where('plan_id', '=', plan)
    .executeTakeFirst();
  const row = await trx
    .insertInto('plan_version')
    .values({
      id,
      plan_id: plan,
      version: Number(latest?.version ?? 0) + 1,
      terms: toJson(terms),
      created_at_ms: nowMs,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const after = toVersion(row);
  await record({ action: 'plan.version', subjectId: id, after });
  return after;
}

function readTerms(plan: string, versionId: string, terms: PlanTerms): void {
  try {
    readPlan({ name: plan, versionId, validFromMs: 0 }, terms);
  } catch (error) {
    if (error instanceof PlanTermsError) throw invalid('terms', error.message);
    throw error;
  }
}

function toVersion(row: Selectable<Tables['plan_version']>): PlanVersion {
  const { id, plan_id: plan, version, terms, created_at_ms: createdAtMs } = row;
  return { id, plan, version, terms: terms as PlanTerms, createdAtMs: Number(createdAtMs) };
}
