import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import { bookGrant, bookPack, bookWalletPayment } from '../../../ledger/index.ts';
import { findWallet, grantToWallet, listGrants, openWallet, payReceivable, sellPack } from '../../../tenants/index.ts';
import { instantMs, name, nanos, nanosAsText, positiveNanos, text } from '../framework/fields.ts';
import { readers } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { storeOf, type TenantDeps } from './tenant-deps.ts';

const wallet = z
  .object({
    customer: z.string(),
    balanceNanos: nanosAsText.meta({ description: 'What can still be spent from grants.' }),
    receivableNanos: nanosAsText.meta({ description: 'Owed beyond the balance.' }),
    receivableLimitNanos: nanosAsText,
    topUpBelowNanos: nanosAsText.optional(),
    topUpNanos: nanosAsText.optional(),
  })
  .meta({ id: 'Wallet' });

const grant = z
  .object({
    id: z.string(),
    customer: z.string(),
    kind: z.enum(['prepaid', 'promo']),
    amountNanos: nanosAsText,
    remainingNanos: nanosAsText,
    priority: z.number().meta({ description: 'Lower burns first.' }),
    effectiveAtMs: z.number(),
    expiresAtMs: z.number().optional(),
    expiredAtMs: z.number().optional(),
    createdAtMs: z.number(),
  })
  .meta({ id: 'Grant' });

const params = z.strictObject({ customerId: name });
const change = { tag: 'wallets', roles: ['owner', 'finance'], scope: 'path', auditedBelow: true, params } as const;

/** Routes about prepaid balances. */
export function walletRoutes(deps: TenantDeps): ControlRoute[] {
  return [get(), open(deps), grants(), addGrant(deps), buyPack(deps), pay(deps)];
}

function get(): ControlRoute {
  return route({
    operationId: 'getWallet',
    method: 'get',
    path: '/customers/{customerId}/wallet',
    tag: 'wallets',
    summary: 'The balance of a customer.',
    roles: readers,
    scope: 'path',
    params,
    answer: wallet,
    async handle({ params: { customerId } }, { database }) {
      const found = await findWallet({ database }, customerId);
      if (found) return found;
      throw new Fault('not_found', { message: `The customer "${customerId}" has no wallet.` });
    },
  });
}

function open(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'openWallet',
    method: 'post',
    path: '/customers/{customerId}/wallet',
    summary: 'Opens a wallet: from now on the customer spends what it holds, and no more than it may owe.',
    status: 201,
    audit: 'wallet.open',
    body: z.strictObject({
      receivableLimitNanos: nanos.optional().meta({ description: 'How far it may owe beyond the balance; else 0.' }),
      topUpBelowNanos: nanos.optional(),
      topUpNanos: positiveNanos.optional(),
    }),
    answer: wallet,
    handle: ({ params: { customerId }, body }, call) =>
      openWallet(storeOf(deps, call), call.principal, { ...body, customer: customerId }),
  });
}

function grants(): ControlRoute {
  return route({
    operationId: 'listGrants',
    method: 'get',
    path: '/customers/{customerId}/grants',
    tag: 'wallets',
    summary: 'Every amount that was put into a wallet, oldest first.',
    roles: readers,
    scope: 'path',
    params,
    answer: z.object({ data: z.array(grant) }),
    handle: async ({ params: { customerId } }, { database }) => ({ data: await listGrants({ database }, customerId) }),
  });
}

function addGrant(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'createGrant',
    method: 'post',
    path: '/customers/{customerId}/grants',
    summary: 'Puts an amount in. The same operation key puts it in once.',
    status: 201,
    audit: 'wallet.grant',
    body: z.strictObject({
      kind: z.enum(['prepaid', 'promo']),
      amountNanos: positiveNanos,
      operationKey: text(128).meta({ description: 'Your id of the payment or gift.' }),
      priority: z.int().min(-1000).max(1000).optional().meta({ description: 'Lower burns first; else 0.' }),
      effectiveAtMs: instantMs.optional(),
      expiresAtMs: instantMs.optional(),
    }),
    answer: grant,
    async handle({ params: { customerId }, body }, call) {
      const made = await grantToWallet(storeOf(deps, call), call.principal, { ...body, customer: customerId });
      if (made.isNew) await bookGrant(call.database.db, made.grant);
      return made.grant;
    },
  });
}

function buyPack(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'buyPack',
    method: 'post',
    path: '/customers/{customerId}/packs',
    summary:
      "Sells a prepaid pack of the customer's plan: its credit goes into the wallet. The same operation key sells it once.",
    status: 201,
    audit: 'wallet.grant',
    body: z.strictObject({
      pack: text(128).meta({ description: "Name of the pack in the customer's present plan." }),
      operationKey: text(128).meta({ description: 'Your id of the payment.' }),
    }),
    answer: z.object({ pack: z.string(), priceNanos: nanosAsText, grant }).meta({ id: 'SoldPack' }),
    async handle({ params: { customerId }, body }, call) {
      const sold = await sellPack(storeOf(deps, call), call.principal, { ...body, customer: customerId });
      if (sold.isNew) await bookPack(call.database.db, sold.grant, sold.pack);
      return { pack: sold.pack.name, priceNanos: sold.pack.priceNanos, grant: sold.grant };
    },
  });
}

function pay(deps: TenantDeps): ControlRoute {
  return route({
    ...change,
    operationId: 'payReceivable',
    method: 'post',
    path: '/customers/{customerId}/wallet/payments',
    summary: 'Takes a payment of what is owed beyond the balance.',
    status: 204,
    audit: 'wallet.pay',
    body: z.strictObject({ amountNanos: positiveNanos }),
    answer: z.undefined(),
    async handle({ params: { customerId }, body }, call) {
      const { database, principal, atMs } = call;
      await payReceivable(storeOf(deps, call), principal, { ...body, customer: customerId });
      const payment = { id: deps.newId('pay'), customer: customerId, amountNanos: body.amountNanos, atMs };
      await bookWalletPayment(database.db, payment);
      return undefined;
    },
  });
}
