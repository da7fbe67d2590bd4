import { z } from 'zod';
import { archiveBudget, budgetUse, createBudget, listBudgets, updateBudget } from '../../../tenants/index.ts';
import { toPage } from '../framework/cursor.ts';
import { id, name, nanos, nanosAsText, pageFields, pageOf, text, timeZone } from '../framework/fields.ts';
import { pageRequest } from '../framework/pages.ts';
import { readers, staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { storeOf, type TenantDeps } from './tenant-deps.ts';

const scope = z.enum(['key', 'endUser', 'job', 'project', 'customer', 'organisation']);
const period = z.enum(['day', 'week', 'month', 'lifetime']);

const budget = z
  .object({
    id: z.string(),
    scope,
    name: z.string().meta({ description: '`*`: each one of the scope has its own counter.' }),
    customer: z.string().optional(),
    limitNanos: nanosAsText,
    period,
    isHard: z.boolean(),
    timeZone: z.string().optional(),
    source: z.enum(['api', 'yaml']),
  })
  .meta({ id: 'Budget' });

const use = z
  .object({
    budgetId: z.string(),
    subject: z.string(),
    periodStartMs: z.number(),
    spentNanos: nanosAsText,
    heldNanos: nanosAsText.meta({ description: 'Held by running requests, or leased to gateways and not yet used.' }),
  })
  .meta({ id: 'BudgetUse' });

const params = z.strictObject({ budgetId: id('budget') });
const change = { tag: 'budgets', roles: staff, scope: 'organisation', auditedBelow: true } as const;

/** Routes about spending limits. */
export function budgetRoutes(deps: TenantDeps): ControlRoute[] {
  return [list(), create(deps), update(deps), archive(deps), showUse()];
}

function list(): ControlRoute {
  return route({
    operationId: 'listBudgets',
    method: 'get',
    path: '/budgets',
    tag: 'budgets',
    summary: 'Active limits; of a customer those of its own scopes.',
    roles: readers,
    scope: 'query',
    query: z.strictObject({ ...pageFields, customer: name.optional() }),
    answer: pageOf(budget),
    async handle({ query }, { database }) {
      const { limit, after } = pageRequest(query);
      const budgets = await listBudgets({ database }, { limit: limit + 1, after, customer: query.customer });
      return toPage(budgets, limit, (one) => [one.id]);
    },
  });
}

function create(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'createBudget',
    method: 'post',
    path: '/budgets',
    summary: 'Sets a limit; what was spent before does not count.',
    status: 201,
    audit: 'budget.create',
    body: z.strictObject({
      scope,
      name: text(128).meta({ description: 'Name of the key, customer, job …; `*` for each of them.' }),
      customer: name.optional().meta({ description: 'Whose key, end user, job or project it is.' }),
      limitNanos: nanos,
      period,
      isHard: z.boolean().default(true).meta({ description: 'Hard: requests beyond it are refused. Soft: told.' }),
      timeZone: timeZone.optional(),
    }),
    answer: budget,
    handle: ({ body }, call) => createBudget(storeOf(deps, call), call.principal, body),
  });
}

function update(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'updateBudget',
    method: 'patch',
    path: '/budgets/{budgetId}',
    summary: 'Changes a limit, or whether it is hard; running requests finish in any case.',
    audit: 'budget.update',
    params,
    body: z.strictObject({ limitNanos: nanos.optional(), isHard: z.boolean().optional() }),
    answer: budget,
    handle: ({ params: { budgetId }, body }, call) =>
      updateBudget(storeOf(deps, call), call.principal, { ...body, id: budgetId }),
  });
}

function archive(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'archiveBudget',
    method: 'post',
    path: '/budgets/{budgetId}/archive',
    summary: 'Ends a limit; its counters stay for reports.',
    audit: 'budget.archive',
    params,
    answer: budget,
    handle: ({ params: { budgetId } }, call) => archiveBudget(storeOf(deps, call), call.principal, budgetId),
  });
}

function showUse(): ControlRoute {
  return route({
    operationId: 'getBudgetUse',
    method: 'get',
    path: '/budgets/{budgetId}/use',
    tag: 'budgets',
    summary: 'What the subjects of a limit have spent, the newest period first.',
    roles: staff,
    scope: 'organisation',
    params,
    answer: z.object({ data: z.array(use) }),
    handle: async ({ params: { budgetId } }, { database }) => ({ data: await budgetUse({ database }, budgetId) }),
  });
}
