import { planAt, type PrepaidPack } from '../../domain/charges/plan.ts';
import { type Actor, type ControlStore, missing } from './control-store.ts';
import { invalid } from './customers.ts';
import { readCustomerPlans } from './plans.ts';
import { grantToWallet, type WalletGrant } from './wallets.ts';

/** A pack that a customer buys; the operation key makes sending it twice harmless. */
export interface PackWanted {
  readonly customer: string;
  /** Name of the pack in the customer's plan. */
  readonly pack: string;
  readonly operationKey: string;
}

/** A pack that was sold, and the credit that it put into the wallet. */
export interface SoldPack {
  readonly grant: WalletGrant;
  readonly pack: PrepaidPack;
  readonly isNew: boolean;
}

const dayMs = 86_400_000;

/** Sells a pack of the customer's present plan: its credit goes into the wallet, once per operation key. */
export async function sellPack(store: ControlStore, actor: Actor, wanted: PackWanted): Promise<SoldPack> {
  const { customer, operationKey } = wanted;
  const nowMs = store.clock.nowMs();
  const plan = planAt((await readCustomerPlans(store.database.db)).get(customer) ?? [], nowMs);
  if (!plan) throw missing('plan of the customer', customer);
  const pack = plan.packs.find(({ name }) => name === wanted.pack);
  if (!pack) {
    const names = plan.packs.map(({ name }) => name).join(', ');
    throw invalid('pack', names === '' ? `the plan ${plan.name} sells no packs` : `must be one of ${names}`);
  }
  const { grant, isNew } = await grantToWallet(store, actor, {
    customer,
    kind: 'prepaid',
    amountNanos: pack.creditNanos,
    operationKey,
    ...(pack.validDays !== undefined && { expiresAtMs: nowMs + pack.validDays * dayMs }),
  });
  return { grant, pack, isNew };
}
