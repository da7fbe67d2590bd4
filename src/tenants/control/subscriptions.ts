import type { Selectable } from 'kysely';
import { Fault } from '../../domain/faults/fault.ts';
import type { Tables } from '../../storage/index.ts';
import { type Actor, changeControl, type ControlStore } from './control-store.ts';
import { invalid, lockCustomer } from './customers.ts';

/** Which terms apply to a customer, from when to when. */
export interface Subscription {
  readonly id: string;
  readonly customer: string;
  readonly planVersionId: string;
  readonly seats: number;
  readonly validFromMs: number;
  /** Undefined: until further notice. */
  readonly validToMs: number | undefined;
}

/** Puts a customer on a version of a plan from an instant on; the subscription before ends there. */
export async function subscribe(
  store: ControlStore,
  actor: Actor,
  wanted: {
    readonly customer: string;
    readonly planVersionId: string;
    readonly seats?: number | undefined;
    readonly validFromMs?: number | undefined;
  },
): Promise<Subscription> {
  const { customer, planVersionId, seats = 1 } = wanted;
  if (!Number.isSafeInteger(seats) || seats < 0) throw invalid('seats', 'must be a whole number');
  return changeControl(store, actor, async (change) => {
    const { trx, nowMs, record } = change;
    await lockCustomer(change, customer);
    const version = await trx
      .selectFrom('plan_version')
      .select('id')
      .where('id', '=', planVersionId)
      .executeTakeFirst();
    if (version === undefined) throw invalid('planVersionId', `there is no plan version "${planVersionId}"`);
    const fromMs = wanted.validFromMs === undefined ? nowMs : BigInt(wanted.validFromMs);
    const open = await trx
      .selectFrom('subscription')
      .selectAll()
      .where('customer_id', '=', customer)
      .where('valid_to_ms', 'is', null)
      .forUpdate()
      .executeTakeFirst();
    if (open !== undefined && open.valid_from_ms >= fromMs) {
      throw new Fault('conflict', { message: `The customer "${customer}" has a subscription that begins later.` });
    }
    if (open !== undefined) {
      await trx.updateTable('subscription').set({ valid_to_ms: fromMs }).where('id', '=', open.id).execute();
    }
    const row = await trx
      .insertInto('subscription')
      .values({
        id: store.newId('sub'),
        customer_id: customer,
        plan_version_id: planVersionId,
        seats,
        valid_from_ms: fromMs,
        valid_to_ms: null,
        created_at_ms: nowMs,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const after = toSubscription(row);
    const before = open && toSubscription(open);
    await record({ action: 'subscription.start', subjectId: after.id, customerId: customer, before, after });
    return after;
  });
}

/** The subscription of a customer at an instant. */
export async function findSubscription(
  store: Pick<ControlStore, 'database'>,
  customer: string,
  atMs: number,
): Promise<Subscription | undefined> {
  const row = await store.database.db
    .selectFrom('subscription')
    .selectAll()
    .where('customer_id', '=', customer)
    .where('valid_from_ms', '<=', BigInt(atMs))
    .where((part) => part.or([part('valid_to_ms', 'is', null), part('valid_to_ms', '>', BigInt(atMs))]))
    .executeTakeFirst();
  return row && toSubscription(row);
}

function toSubscription(row: Selectable<Tables['subscription']>): Subscription {
  return {
    id: row.id,
    customer: row.customer_id,
    planVersionId: row.plan_version_id,
    seats: row.seats,
    validFromMs: Number(row.valid_from_ms),
    validToMs: row.valid_to_ms === null ? undefined : Number(row.valid_to_ms),
  };
}
