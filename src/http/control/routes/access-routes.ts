import { z } from 'zod';
import { createAccessToken, listAccessTokens, readAuditLog, revokeAccessToken } from '../../../tenants/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { id, instantMs, name, pageFields, pageOf, text } from '../framework/fields.ts';
import { roles } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

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

const auditRecord = z
  .object({
    id: z.string(),
    atMs: z.number(),
    actor: z.string(),
    role: z.string(),
    action: z.string(),
    subjectKind: z.string(),
    subjectId: z.string(),
    customerId: z.string().nullable(),
    before: z.unknown(),
    after: z.unknown(),
  })
  .meta({ id: 'AuditRecord' });

/** Routes about who may use the control API, and what was changed through it. */
export function accessRoutes(newId: (prefix: string) => string): ControlRoute[] {
  return [listTokens(), createToken(newId), revokeToken(), listAudit()];
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
      const afterId = readCursor(query.cursor, ['string'])?.[0];
      const tokens = await listAccessTokens(database, { limit: query.limit, afterId: afterId?.toString() });
      return toPage(tokens, query.limit, (token) => [token.id]);
    },
  });
}

function createToken(newId: (prefix: string) => string): ControlRoute {
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
    async handle({ body }, { database, atMs, audited }) {
      const { customer: customerId, ...rest } = body;
      const { token, secret } = await createAccessToken(database, { ...rest, customerId, id: newId('atk'), atMs });
      audited({ kind: 'access-token', id: token.id, customerId, after: token });
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
    params: z.strictObject({ tokenId: id('atk') }),
    answer: accessToken,
    async handle({ params }, { database, atMs, audited }) {
      const token = await revokeAccessToken(database, { id: params.tokenId, atMs });
      audited({ kind: 'access-token', id: token.id, customerId: token.customerId ?? undefined, after: token });
      return token;
    },
  });
}

function listAudit(): ControlRoute {
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
    answer: pageOf(auditRecord),
    async handle({ query }, { database }) {
      const { limit, cursor, customer: customerId, action, subject: subjectId } = query;
      const beforeId = readCursor(cursor, ['number'])?.[0]?.toString();
      const records = await readAuditLog(database, { limit, beforeId, customerId, action, subjectId });
      return toPage(records, limit, (record) => [Number(record.id)]);
    },
  });
}
