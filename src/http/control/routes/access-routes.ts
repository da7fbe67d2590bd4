import { z } from 'zod';
import { createAccessToken, listAccessTokens, readAuditLog, revokeAccessToken } from '../../../tenants/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { id, instantMs, name, pageFields, pageOf, text } from '../framework/fields.ts';
import { pageRequest } from '../framework/pages.ts';
import { roles } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import type { TenantDeps } from './tenant-deps.ts';

const accessToken = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(roles),
    customerId: z.string().nullable().meta({ description: 'Set for a viewer of one customer.' }),
    prefix: z.string().meta({ description: 'First characters of the secret.' }),
    status: z.enum(['active', 'revoked']),
    expiresAtMs: z.number().nullable(),
    createdAtMs: z.number(),
    revokedAtMs: z.number().nullable(),
  })
  .meta({ id: 'AccessToken' });

const auditEntry = z
  .object({
    id: z.string(),
    atMs: z.number(),
    actor: z.string(),
    role: z.string(),
    action: z.string().meta({ examples: ['key.rotate'] }),
    subjectKind: z.string(),
    subjectId: z.string(),
    customerId: z.string().nullable(),
    before: z.unknown(),
    after: z.unknown(),
  })
  .meta({ id: 'AuditEntry' });

/** Routes about who may use the control API, and what was changed through it. */
export function accessRoutes(deps: TenantDeps): ControlRoute[] {
  return [listTokens(), createToken(deps), revokeToken(), listChanges()];
}

function listTokens(): ControlRoute {
  return route({
    operationId: 'listAccessTokens',
    method: 'get',
    path: '/access-tokens',
    tag: 'access tokens',
    summary: 'Credentials for the control API, oldest first.',
    roles: ['owner'],
    scope: 'organisation',
    query: z.strictObject(pageFields),
    answer: pageOf(accessToken),
    async handle({ query }, { database }) {
      const { limit, after } = pageRequest(query);
      const tokens = await listAccessTokens(database, { limit, afterId: after });
      return toPage(tokens, limit, (token) => [token.id]);
    },
  });
}

function createToken(deps: TenantDeps): ControlRoute {
  return route({
    operationId: 'createAccessToken',
    method: 'post',
    path: '/access-tokens',
    tag: 'access tokens',
    summary: 'Makes a credential for the control API; its secret is shown this once.',
    roles: ['owner'],
    scope: 'organisation',
    status: 201,
    audit: 'access-token.create',
    secretField: 'secret',
    body: z.strictObject({
      name: text(64),
      role: z.enum(roles),
      customer: name.optional().meta({ description: 'Binds a viewer to one customer: it reads nothing else.' }),
      expiresAtMs: instantMs.optional(),
    }),
    answer: accessToken.extend({ secret: z.string().meta({ description: 'Shown this once.' }) }),
    async handle({ body: { customer: customerId, ...wanted } }, { database, atMs, audited }) {
      const made = { ...wanted, customerId, id: deps.newId('token'), atMs };
      const { token, secret } = await createAccessToken(database, made);
      audited({ id: token.id, customerId, after: token });
      return { ...token, secret };
    },
  });
}

function revokeToken(): ControlRoute {
  return route({
    operationId: 'revokeAccessToken',
    method: 'post',
    path: '/access-tokens/{tokenId}/revoke',
    tag: 'access tokens',
    summary: 'Ends a credential at once.',
    roles: ['owner'],
    scope: 'organisation',
    audit: 'access-token.revoke',
    params: z.strictObject({ tokenId: id('token') }),
    answer: accessToken,
    async handle({ params }, { database, atMs, audited }) {
      const token = await revokeAccessToken(database, { id: params.tokenId, atMs });
      audited({ id: token.id, customerId: token.customerId ?? undefined, after: token });
      return token;
    },
  });
}

function listChanges(): ControlRoute {
  return route({
    operationId: 'listAuditLog',
    method: 'get',
    path: '/audit-log',
    tag: 'audit log',
    summary: 'Every change, newest first.',
    roles: ['owner'],
    scope: 'organisation',
    query: z.strictObject({
      ...pageFields,
      customer: name.optional(),
      action: text(64).optional(),
      subject: text(128).optional(),
    }),
    answer: pageOf(auditEntry),
    async handle({ query }, { database }) {
      const { limit, cursor, customer: customerId, action, subject: subjectId } = query;
      const beforeId = readCursor(cursor, ['number'])?.[0]?.toString();
      const entries = await readAuditLog(database, { limit, beforeId, customerId, action, subjectId });
      return toPage(entries, limit, (entry) => [Number(entry.id)]);
    },
  });
}
