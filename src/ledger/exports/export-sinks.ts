import type { Kysely } from 'kysely';
import type { UsageBucket } from '../../domain/usage.ts';
import type { Tables } from '../../storage/index.ts';
import type { Booking } from '../projector/booking.ts';
import { meterEventId, meterMessages } from './meter-events.ts';
import { enqueueAll, type OutboxMessage } from './outbox.ts';

/** Another system that is told of use: which use, and under which names. Secrets stay in the configuration. */
export interface ExportSink {
  readonly name: string;
  readonly kind: 'stripe' | 'cloudEvents';
  /** Name of the meter of each bucket; only for kinds that meter by bucket. */
  readonly meters: { readonly [Bucket in UsageBucket]?: string };
  /** Customers whose use is told; absent is all. */
  readonly customers?: readonly string[] | undefined;
}

/** Makes these the systems that are told of use from now on, at every gateway of the database. */
export async function replaceExportSinks(db: Kysely<Tables>, sinks: readonly ExportSink[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const names = sinks.map(({ name }) => name);
    const surplus = trx.deleteFrom('export_sink');
    await (names.length === 0 ? surplus : surplus.where('name', 'not in', names)).execute();
    for (const { name, kind, meters, customers } of sinks) {
      const row = {
        kind,
        meters: JSON.stringify(meters),
        customers: customers === undefined ? null : JSON.stringify(customers),
      };
      await trx
        .insertInto('export_sink')
        .values({ name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    }
  });
}

/** Puts out what exchanges used, in the transaction that books them: a crash neither loses a message nor doubles it. */
export async function exportUse(trx: Kysely<Tables>, gatewayId: string, bookings: readonly Booking[]): Promise<void> {
  const rows = await trx.selectFrom('export_sink').selectAll().orderBy('name').execute();
  if (rows.length === 0) return;
  const messages = rows.flatMap((row) => {
    const meters = row.meters as ExportSink['meters'];
    const customers = row.customers === null ? undefined : new Set(row.customers as string[]);
    return bookings
      .filter(({ final, dimensions }) => final !== undefined && (customers?.has(dimensions.customer) ?? true))
      .flatMap((booking) =>
        row.kind === 'stripe' ? metered(row.name, booking, meters) : [usageEvent(row.name, gatewayId, booking)],
      );
  });
  await enqueueAll(trx, messages);
}

function metered(sink: string, booking: Booking, meters: ExportSink['meters']): OutboxMessage[] {
  const { requestId, dimensions, endedAtMs, units = {} } = booking;
  const { customer, model } = dimensions;
  const use = { requestId, attempt: 0, customer, endedAtMs, model, units };
  return meterMessages(sink, use, (bucket) => meters[bucket]);
}

function usageEvent(sink: string, gatewayId: string, booking: Booking): OutboxMessage {
  const { requestId, dimensions, endedAtMs, units = {}, status, costNanos, chargeNanos } = booking;
  const { customer, key, job, model, host, endUser, feature, project } = dimensions;
  return {
    sink,
    eventId: meterEventId(requestId, 0, 'usage'),
    kind: 'usage',
    occurredAtMs: endedAtMs,
    payload: {
      gateway: gatewayId,
      requestId,
      customer,
      key,
      job,
      model,
      host,
      endUser,
      feature,
      project,
      status,
      units,
      costNanos: costNanos?.toString() ?? null,
      chargeNanos: chargeNanos?.toString() ?? null,
    },
  };
}
