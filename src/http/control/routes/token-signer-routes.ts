import { z } from 'zod';
import {
  createTokenSigner,
  listTokenSigners,
  revokeToken,
  revokeTokenSigner,
  type Sealer,
} from '../../../tenants/index.ts';
import { id, instantMs, name, text } from '../framework/fields.ts';
import { readers } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { storeOf, type TenantDeps } from './tenant-deps.ts';

/** What routes about secrets that are read again need besides. */
export interface SecretDeps extends TenantDeps {
  sealer(): Sealer;
}

const signer = z
  .object({
    id: z.string().meta({ description: '`kid` in the header of its tokens.' }),
    customer: z.string(),
    key: z.string().meta({ description: 'The tokens act as this key, with less.' }),
    algorithm: z.enum(['HS256', 'EdDSA']),
    status: z.enum(['active', 'revoked']),
    createdAtMs: z.number(),
  })
  .meta({ id: 'TokenSigner' });

const publicJwk = z
  .strictObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url'),
  })
  .meta({ description: "The public half of the customer's own Ed25519 key; absent: a secret for HS256 is made." });

const params = z.strictObject({ signerId: id('signer') });
const change = {
  tag: 'token signers',
  roles: ['owner', 'operator'],
  scope: 'organisation',
  auditedBelow: true,
} as const;

/** Routes about what verifies the short-lived tokens of end users. */
export function tokenSignerRoutes(deps: SecretDeps): ControlRoute[] {
  return [list(), create(deps), revoke(deps), revokeOne(deps)];
}

function list(): ControlRoute {
  return route({
    operationId: 'listTokenSigners',
    method: 'get',
    path: '/customers/{customerId}/token-signers',
    tag: 'token signers',
    summary: 'What verifies the tokens that a customer mints for its end users; without secrets.',
    roles: readers,
    scope: 'path',
    params: z.strictObject({ customerId: name }),
    answer: z.object({ data: z.array(signer) }),
    handle: async ({ params: { customerId } }, { database }) => ({
      data: await listTokenSigners({ database }, customerId),
    }),
  });
}

function create(deps: SecretDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'createTokenSigner',
    method: 'post',
    path: '/token-signers',
    summary: "Lets a customer's backend sign tokens; a secret that is made here is shown this once.",
    status: 201,
    audit: 'token-signer.create',
    secretField: 'secret',
    body: z.strictObject({ key: name, publicJwk: publicJwk.optional() }),
    answer: signer.extend({ secret: z.string().nullable().meta({ description: 'In base64url; null for EdDSA.' }) }),
    async handle({ body }, call) {
      const store = { ...storeOf(deps, call), sealer: deps.sealer() };
      const { signer: made, secret } = await createTokenSigner(store, call.principal, body);
      return { ...made, secret: secret ?? null };
    },
  });
}

function revoke(deps: SecretDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'revokeTokenSigner',
    method: 'post',
    path: '/token-signers/{signerId}/revoke',
    summary: 'Refuses every token of a signer from now on.',
    audit: 'token-signer.revoke',
    params,
    answer: signer,
    handle: ({ params: { signerId } }, call) => revokeTokenSigner(storeOf(deps, call), call.principal, signerId),
  });
}

function revokeOne(deps: SecretDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'revokeEndUserToken',
    method: 'post',
    path: '/token-signers/{signerId}/revoked-tokens',
    summary: 'Refuses one token from now on; it is remembered until it would have expired.',
    status: 204,
    audit: 'token.revoke',
    params,
    body: z.strictObject({
      tokenId: text(128).meta({ description: '`jti` of the token.' }),
      expiresAtMs: instantMs.meta({ description: '`exp` of the token, in milliseconds.' }),
    }),
    answer: z.undefined(),
    async handle({ params: { signerId }, body: { tokenId, expiresAtMs } }, call) {
      await revokeToken(storeOf(deps, call), call.principal, { signer: signerId, id: tokenId, expiresAtMs });
      return undefined;
    },
  });
}
