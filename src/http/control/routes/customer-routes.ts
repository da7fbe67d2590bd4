import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import {
  createCustomer,
  createProject,
  findCustomer,
  listCustomers,
  listProjects,
  updateCustomer,
} from '../../../tenants/index.ts';
import { name, pageFields, pageOf, text, timeZone } from '../framework/fields.ts';
import { answerPage, pageRequest } from '../framework/pages.ts';
import { readers, staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { storeOf, type TenantDeps } from './tenant-deps.ts';

const status = z.enum(['active', 'suspended', 'closed']);

const customer = z
  .object({
    id: z.string(),
    displayName: z.string(),
    status,
    timeZone: z.string().optional().meta({ description: "Else the organisation's." }),
    currency: z.string().optional(),
    models: z.array(z.string()).readonly().optional().meta({ description: 'Models that its keys may use at most.' }),
    billing: z.record(z.string(), z.string()).readonly().optional(),
    source: z.enum(['api', 'yaml']),
    createdAtMs: z.number(),
    updatedAtMs: z.number(),
  })
  .meta({ id: 'Customer' });

const project = z
  .object({ customer: z.string(), id: z.string(), displayName: z.string(), status: z.enum(['active', 'closed']) })
  .meta({ id: 'Project' });

const params = z.strictObject({ customerId: name });
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters, such as EUR');
const changeable = {
  displayName: text(200).optional(),
  timeZone: timeZone.nullable().optional(),
  currency: currency.nullable().optional(),
  models: z.array(text(200)).max(200).nullable().optional(),
  billing: z
    .record(name, text(500))
    .refine((fields) => Object.keys(fields).length <= 50, 'must have at most 50 fields')
    .nullable()
    .optional()
    .meta({ description: 'What invoices print: address, tax id and the like.' }),
};
const editors = ['owner', 'operator', 'finance'] as const;

/** Routes about customers and their projects. */
export function customerRoutes(deps: TenantDeps): ControlRoute[] {
  return [list(), get(), create(deps), update(deps), projects(), addProject(deps)];
}

function list(): ControlRoute {
  return route({
    operationId: 'listCustomers',
    method: 'get',
    path: '/customers',
    tag: 'customers',
    summary: 'Customers by id.',
    roles: staff,
    scope: 'organisation',
    query: z.strictObject(pageFields),
    answer: pageOf(customer),
    handle: async ({ query }, { database }) => answerPage(await listCustomers({ database }, pageRequest(query))),
  });
}

function get(): ControlRoute {
  return route({
    operationId: 'getCustomer',
    method: 'get',
    path: '/customers/{customerId}',
    tag: 'customers',
    summary: 'One customer.',
    roles: readers,
    scope: 'path',
    params,
    answer: customer,
    async handle({ params: { customerId } }, { database }) {
      const found = await findCustomer({ database }, customerId);
      if (found) return found;
      throw new Fault('not_found', { message: `There is no customer "${customerId}".` });
    },
  });
}

function create(deps: TenantDeps): ControlRoute {
  return route({
    operationId: 'createCustomer',
    method: 'post',
    path: '/customers',
    tag: 'customers',
    summary: 'Adds a customer.',
    roles: editors,
    scope: 'organisation',
    status: 201,
    audit: 'customer.create',
    auditedBelow: true,
    body: z.strictObject({ id: name.meta({ description: 'The name that facts and invoices carry.' }), ...changeable }),
    answer: customer,
    handle: ({ body }, call) => createCustomer(storeOf(deps, call), call.principal, body),
  });
}

function update(deps: TenantDeps): ControlRoute {
  return route({
    operationId: 'updateCustomer',
    method: 'patch',
    path: '/customers/{customerId}',
    tag: 'customers',
    summary: 'Changes a customer; suspending one refuses its keys within a second.',
    roles: editors,
    scope: 'path',
    audit: 'customer.update',
    auditedBelow: true,
    params,
    body: z.strictObject({ ...changeable, status: status.optional() }),
    answer: customer,
    handle: ({ params: { customerId }, body }, call) =>
      updateCustomer(storeOf(deps, call), call.principal, { ...body, id: customerId }),
  });
}

function projects(): ControlRoute {
  return route({
    operationId: 'listProjects',
    method: 'get',
    path: '/customers/{customerId}/projects',
    tag: 'customers',
    summary: 'The parts of a customer that usage and budgets are kept for.',
    roles: readers,
    scope: 'path',
    params,
    answer: z.object({ data: z.array(project) }),
    handle: async ({ params: { customerId } }, { database }) => ({
      data: await listProjects({ database }, customerId),
    }),
  });
}

function addProject(deps: TenantDeps): ControlRoute {
  return route({
    operationId: 'createProject',
    method: 'post',
    path: '/customers/{customerId}/projects',
    tag: 'customers',
    summary: 'Adds a project to a customer.',
    roles: editors,
    scope: 'path',
    status: 201,
    audit: 'project.create',
    auditedBelow: true,
    params,
    body: z.strictObject({ id: name, displayName: text(200).optional() }),
    answer: project,
    handle: ({ params: { customerId }, body }, call) =>
      createProject(storeOf(deps, call), call.principal, { ...body, customer: customerId }),
  });
}
