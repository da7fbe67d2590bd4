import { z } from 'zod';
import { listProviderCredentials, removeProviderCredential, setProviderCredential } from '../../../tenants/index.ts';
import { name } from '../framework/fields.ts';
import { readers } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { storeOf } from './tenant-deps.ts';
import type { SecretDeps } from './token-signer-routes.ts';

const credential = z
  .object({
    customer: z.string(),
    host: z.string(),
    hint: z.string().meta({ description: 'Last characters of the secret; the rest is never shown.' }),
    updatedAtMs: z.number(),
  })
  .meta({ id: 'ProviderCredential' });

const host = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be the name of a host');
const path = '/customers/{customerId}/provider-credentials';
const params = z.strictObject({ customerId: name });
const change = {
  method: 'post',
  tag: 'provider credentials',
  roles: ['owner', 'operator'],
  scope: 'path',
  auditedBelow: true,
  params,
} as const;

/** Routes about customers' own keys at hosts: they can be replaced and removed, never read. */
export function providerCredentialRoutes(deps: SecretDeps): ControlRoute[] {
  return [list(), set(deps), remove(deps)];
}

function list(): ControlRoute {
  return route({
    operationId: 'listProviderCredentials',
    method: 'get',
    path,
    tag: 'provider credentials',
    summary: "A customer's own keys at hosts, without the secrets.",
    roles: readers,
    scope: 'path',
    params,
    answer: z.object({ data: z.array(credential) }),
    handle: async ({ params: { customerId } }, { database }) => ({
      data: await listProviderCredentials({ database }, customerId),
    }),
  });
}

function set(deps: SecretDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'setProviderCredential',
    path,
    summary: "Keeps a customer's own key for a host, sealed: its calls there go on its own account.",
    audit: 'provider-credential.set',
    body: z.strictObject({
      host,
      secret: z
        .string()
        .regex(/^[!-~]{8,4096}$/, 'must be 8 to 4096 printable characters without spaces')
        .meta({ writeOnly: true }),
    }),
    answer: credential,
    handle: ({ params: { customerId }, body }, call) =>
      setProviderCredential({ ...storeOf(deps, call), sealer: deps.sealer() }, call.principal, {
        ...body,
        customer: customerId,
      }),
  });
}

function remove(deps: SecretDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'removeProviderCredential',
    path: `${path}/remove`,
    summary: "Forgets a customer's own key for a host; its calls go on the organisation's account again.",
    status: 204,
    audit: 'provider-credential.remove',
    body: z.strictObject({ host }),
    answer: z.undefined(),
    async handle({ params: { customerId }, body }, call) {
      await removeProviderCredential(storeOf(deps, call), call.principal, { customer: customerId, host: body.host });
      return undefined;
    },
  });
}
