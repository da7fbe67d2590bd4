import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import { createKey, findKey, listKeys, revokeKey, rotateKey, updateKey } from '../../../tenants/index.ts';
import { instantMs, name, pageFields, pageOf, text } from '../framework/fields.ts';
import { answerPage, pageRequest } from '../framework/pages.ts';
import { readers } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { storeOf, type TenantDeps } from './tenant-deps.ts';

const count = z.int('must be a whole number').min(1, 'must be 1 or more').max(1_000_000_000).optional();
const limits = z.strictObject({ requestsPerMinute: count, tokensPerMinute: count, concurrent: count });
const onClientGone = z.enum(['cancel', 'drain']);
const cache = z.enum(['off', 'deterministic', 'all']);

const key = z
  .object({
    name: z.string(),
    customer: z.string(),
    project: z.string().optional(),
    models: z.array(z.string()).readonly(),
    limits,
    metered: z.boolean(),
    onClientGone,
    cache,
    storeResponses: z.boolean(),
    source: z.enum(['api', 'yaml']).meta({ description: 'Keys of the configuration file are changed there.' }),
    status: z.enum(['active', 'revoked']),
    expiresAtMs: z.number().optional(),
    createdAtMs: z.number(),
    updatedAtMs: z.number(),
  })
  .meta({ id: 'Key' });

const mintedKey = key.extend({ secret: z.string().meta({ description: 'Shown this once.' }) });

const settings = {
  project: name.nullable().optional(),
  models: z.array(text(200)).min(1).max(200).optional().meta({ description: '`*` stands for any run of characters.' }),
  limits: limits.optional(),
  metered: z.boolean().optional(),
  onClientGone: onClientGone.optional(),
  cache: cache.optional(),
  storeResponses: z.boolean().optional(),
  expiresAtMs: instantMs.nullable().optional(),
};
const params = z.strictObject({ keyName: name });
const editors = ['owner', 'operator'] as const;
const change = { tag: 'keys', roles: editors, scope: 'organisation', auditedBelow: true } as const;

/** Routes about the keys that clients call with. */
export function keyRoutes(deps: TenantDeps): ControlRoute[] {
  return [list(), get(), create(deps), update(deps), rotate(deps), revoke(deps)];
}

function list(): ControlRoute {
  return route({
    operationId: 'listKeys',
    method: 'get',
    path: '/keys',
    tag: 'keys',
    summary: 'Keys by name, without their secrets.',
    roles: readers,
    scope: 'query',
    query: z.strictObject({ ...pageFields, customer: name.optional() }),
    answer: pageOf(key),
    handle: async ({ query }, { database }) =>
      answerPage(await listKeys({ database }, { ...pageRequest(query), customer: query.customer })),
  });
}

function get(): ControlRoute {
  return route({
    operationId: 'getKey',
    method: 'get',
    path: '/keys/{keyName}',
    tag: 'keys',
    summary: 'One key, without its secret.',
    roles: readers,
    scope: 'answer',
    params,
    answer: key,
    ownerOf: ({ customer }) => customer,
    async handle({ params: { keyName } }, { database }) {
      const found = await findKey({ database }, keyName);
      if (found) return found;
      throw new Fault('not_found', { message: `There is no key "${keyName}".` });
    },
  });
}

function create(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'createKey',
    method: 'post',
    path: '/keys',
    summary: 'Makes a key; its secret is shown this once.',
    status: 201,
    audit: 'key.create',
    secretField: 'secret',
    body: z.strictObject({ name, customer: name, ...settings }),
    answer: mintedKey,
    async handle({ body }, call) {
      const minted = await createKey(storeOf(deps, call), call.principal, body);
      return { ...minted.key, secret: minted.secret };
    },
  });
}

function update(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'updateKey',
    method: 'patch',
    path: '/keys/{keyName}',
    summary: 'Changes what a key may do.',
    audit: 'key.update',
    params,
    body: z.strictObject(settings),
    answer: key,
    handle: ({ params: { keyName }, body }, call) =>
      updateKey(storeOf(deps, call), call.principal, { ...body, name: keyName }),
  });
}

function rotate(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'rotateKey',
    method: 'post',
    path: '/keys/{keyName}/rotate',
    summary: 'Gives a key a new secret, shown this once; the old one works until the overlap ends.',
    audit: 'key.rotate',
    secretField: 'secret',
    params,
    body: z.strictObject({
      overlapMs: z
        .int('must be a whole number of milliseconds')
        .min(0, 'must not be negative')
        .max(90 * 86_400_000, 'must be at most 90 days')
        .meta({ description: 'How long the secrets before go on working, in milliseconds; at most 90 days.' }),
    }),
    answer: mintedKey,
    async handle({ params: { keyName }, body }, call) {
      const minted = await rotateKey(storeOf(deps, call), call.principal, { ...body, name: keyName });
      return { ...minted.key, secret: minted.secret };
    },
  });
}

function revoke(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'revokeKey',
    method: 'post',
    path: '/keys/{keyName}/revoke',
    summary: 'Ends a key for good: every gateway refuses it within a second.',
    audit: 'key.revoke',
    params,
    answer: key,
    handle: ({ params: { keyName } }, call) => revokeKey(storeOf(deps, call), call.principal, keyName),
  });
}
