import { z } from 'zod';
import { planSchema } from '../../../config/index.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import {
  createPlanVersion,
  findPlanVersion,
  findSubscription,
  listPlanVersions,
  type PlanVersion,
  subscribe,
} from '../../../tenants/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { instantMs, name, pageFields, pageOf } from '../framework/fields.ts';
import { readers, staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { storeOf, type TenantDeps } from './tenant-deps.ts';

const planVersion = z
  .object({
    id: z.string().meta({ description: 'Name and digest of the terms: the same terms are the same version.' }),
    plan: z.string(),
    version: z.number().meta({ description: '1, 2, 3 … in order of making.' }),
    terms: z.record(z.string(), z.unknown()).meta({ description: 'As in `plans` of the configuration file.' }),
    createdAtMs: z.number(),
  })
  .meta({ id: 'PlanVersion' });

const subscription = z
  .object({
    id: z.string(),
    customer: z.string(),
    planVersionId: z.string(),
    seats: z.number(),
    validFromMs: z.number(),
    validToMs: z.number().nullable().meta({ description: 'null: until further notice.' }),
  })
  .meta({ id: 'Subscription' });

const planVersionId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}@[0-9a-f]{16}$/, 'must be the id of a version: name@digest');
const params = z.strictObject({ customerId: name });
const editors = ['owner', 'finance'] as const;

/** Routes about what customers pay: plans in versions, and who is on which. */
export function planRoutes(deps: TenantDeps): ControlRoute[] {
  return [list(), get(), create(deps), getSubscription(deps), start(deps)];
}

function list(): ControlRoute {
  return route({
    operationId: 'listPlans',
    method: 'get',
    path: '/plans',
    tag: 'plans',
    summary: 'Versions of all plans by name, the latest of each first.',
    roles: staff,
    scope: 'organisation',
    query: z.strictObject({ ...pageFields, plan: name.optional() }),
    answer: pageOf(planVersion),
    async handle({ query: { limit, cursor, plan } }, { database }) {
      const place = readCursor(cursor, ['string', 'number']);
      const versions = await listPlanVersions({ database });
      const wanted = versions.filter((one) => (plan === undefined || one.plan === plan) && isAfter(one, place));
      return toPage(wanted.map(toAnswer), limit, (one) => [one.plan, one.version]);
    },
  });
}

/** Whether a version stands behind a place of the list: by name, newest first. */
function isAfter({ plan, version }: PlanVersion, place: readonly (string | number)[] | undefined): boolean {
  if (place === undefined) return true;
  const [lastPlan = '', lastVersion = 0] = place;
  return plan === lastPlan ? version < Number(lastVersion) : plan > String(lastPlan);
}

function get(): ControlRoute {
  return route({
    operationId: 'getPlan',
    method: 'get',
    path: '/plans/{planVersionId}',
    tag: 'plans',
    summary: 'One version of a plan with its terms.',
    roles: staff,
    scope: 'organisation',
    params: z.strictObject({ planVersionId }),
    answer: planVersion,
    async handle({ params: { planVersionId: id } }, { database }) {
      const found = await findPlanVersion({ database }, id);
      if (found) return toAnswer(found);
      throw new Fault('not_found', { message: `There is no plan version "${id}".` });
    },
  });
}

function create(deps: TenantDeps): ControlRoute {
  return route({
    operationId: 'createPlan',
    method: 'post',
    path: '/plans',
    tag: 'plans',
    summary: 'Makes a plan, or the next version of one; what was charged before is never priced again.',
    roles: editors,
    scope: 'organisation',
    status: 201,
    audit: 'plan.version',
    auditedBelow: true,
    body: z.strictObject({ plan: name, terms: planSchema }),
    answer: planVersion,
    handle: async ({ body }, call) => toAnswer(await createPlanVersion(storeOf(deps, call), call.principal, body)),
  });
}

function getSubscription({ clock }: TenantDeps): ControlRoute {
  return route({
    operationId: 'getSubscription',
    method: 'get',
    path: '/customers/{customerId}/subscription',
    tag: 'plans',
    summary: 'Which version of a plan a customer is on now.',
    roles: readers,
    scope: 'path',
    params,
    answer: subscription,
    async handle({ params: { customerId } }, { database }) {
      const found = await findSubscription({ database }, customerId, clock.nowMs());
      if (found) return { ...found, validToMs: found.validToMs ?? null };
      const message = `The customer "${customerId}" has no plan: it is charged what its requests cost.`;
      throw new Fault('not_found', { message });
    },
  });
}

function start(deps: TenantDeps): ControlRoute {
  return route({
    operationId: 'startSubscription',
    method: 'post',
    path: '/customers/{customerId}/subscriptions',
    tag: 'plans',
    summary: 'Puts a customer on a version of a plan; the subscription before ends there.',
    roles: editors,
    scope: 'path',
    status: 201,
    audit: 'subscription.start',
    auditedBelow: true,
    params,
    body: z.strictObject({
      planVersionId,
      seats: z.int().min(0).max(1_000_000).default(1),
      validFromMs: instantMs.optional().meta({ description: 'Else now.' }),
    }),
    answer: subscription,
    async handle({ params: { customerId }, body }, call) {
      const wanted = { ...body, customer: customerId };
      const started = await subscribe(storeOf(deps, call), call.principal, wanted);
      return { ...started, validToMs: started.validToMs ?? null };
    },
  });
}

function toAnswer({ terms, ...version }: PlanVersion): z.input<typeof planVersion> {
  return { ...version, terms: { ...terms } };
}
