import { type Actor, changeControl, type ControlStore, missing } from './control-store.ts';
import { invalid, lockCustomer } from './customers.ts';
import type { Sealer } from './sealer.ts';

/** A customer's own credential at a host, without its secret. */
export interface ProviderCredential {
  readonly customer: string;
  readonly host: string;
  /** Its last characters, to tell credentials apart. */
  readonly hint: string;
  readonly updatedAtMs: number;
}

const hintLength = 4;
const shortestSecret = 8;

/** Keeps a customer's own key for a host, sealed: its calls to that host go on its own account. */
export async function setProviderCredential(
  store: ControlStore & { readonly sealer: Sealer },
  actor: Actor,
  wanted: { readonly customer: string; readonly host: string; readonly secret: string },
): Promise<ProviderCredential> {
  const { customer, host, secret } = wanted;
  if (secret.trim().length < shortestSecret) throw invalid('secret', `must have at least ${shortestSecret} characters`);
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(host)) throw invalid('host', 'must be the name of a host');
  return changeControl(store, actor, async (change) => {
    await lockCustomer(change, customer);
    const sealed = store.sealer.seal(secret.trim(), sealPurpose(customer, host));
    const hint = secret.trim().slice(-hintLength);
    await change.trx
      .insertInto('provider_credential')
      .values({
        customer_id: customer,
        host,
        sealed,
        hint,
        created_at_ms: change.nowMs,
        updated_at_ms: change.nowMs,
      })
      .onConflict((conflict) =>
        conflict.columns(['customer_id', 'host']).doUpdateSet({ sealed, hint, updated_at_ms: change.nowMs }),
      )
      .execute();
    await change.record({
      action: 'provider-credential.set',
      subjectId: host,
      customerId: customer,
      after: { host, hint },
    });
    return { customer, host, hint, updatedAtMs: Number(change.nowMs) };
  });
}

/** Forgets a customer's own key for a host. */
export async function removeProviderCredential(
  store: ControlStore,
  actor: Actor,
  { customer, host }: { readonly customer: string; readonly host: string },
): Promise<void> {
  await changeControl(store, actor, async ({ trx, record }) => {
    const row = await trx
      .deleteFrom('provider_credential')
      .where('customer_id', '=', customer)
      .where('host', '=', host)
      .returning('hint')
      .executeTakeFirst();
    if (row === undefined) throw missing('provider credential', `${customer}/${host}`);
    await record({ action: 'provider-credential.remove', subjectId: host, customerId: customer, before: row });
  });
}

/** Lists a customer's own credentials, without their secrets. */
export async function listProviderCredentials(
  store: Pick<ControlStore, 'database'>,
  customer: string,
): Promise<ProviderCredential[]> {
  const rows = await store.database.db
    .selectFrom('provider_credential')
    .select(['customer_id', 'host', 'hint', 'updated_at_ms'])
    .where('customer_id', '=', customer)
    .orderBy('host')
    .execute();
  return rows.map((row) => ({
    customer: row.customer_id,
    host: row.host,
    hint: row.hint,
    updatedAtMs: Number(row.updated_at_ms),
  }));
}

/** What a sealed credential is for: moved to another customer or host it does not open. */
export function sealPurpose(customer: string, host: string): string {
  return `provider-credential\n${customer}\n${host}`;
}
