import type { Kysely } from 'kysely';
import { apportion } from '../../domain/charges/proration.ts';
import { rateAttempt } from '../../domain/rating/rate-attempt.ts';
import { type UsageBucket, type UsageBuckets, usageBuckets } from '../../domain/rating/usage.ts';
import type { Tables } from '../../storage/index.ts';
import type { Booking } from '../projector/books/booking.ts';
import type { BookedCorrection, ExportedUse, VersionLookup } from '../projector/ports.ts';
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
  /** Closed invoices and credit notes are told, and no use. */
  readonly invoiceItems?: boolean | undefined;
}

/** Makes these the systems that are told of use from now on, at every gateway of the database. */
export async function replaceExportSinks(db: Kysely<Tables>, sinks: readonly ExportSink[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const names = sinks.map(({ name }) => name);
    const surplus = trx.deleteFrom('export_sink');
    await (names.length === 0 ? surplus : surplus.where('name', 'not in', names)).execute();
    for (const { name, kind, meters, customers, invoiceItems } of sinks) {
      const row = {
        kind,
        meters: JSON.stringify(meters),
        customers: customers === undefined ? null : JSON.stringify(customers),
        invoice_items: invoiceItems === true,
      };
      await trx
        .insertInto('export_sink')
        .values({ name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    }
  });
}

/** What is known of prices where use is put out: it divides a charge among the buckets that made it. */
export type KnownVersions = Pick<VersionLookup, 'price' | 'contract'>;

interface SinkRow {
  readonly name: string;
  readonly kind: ExportSink['kind'];
  readonly meters: ExportSink['meters'];
  readonly isFor: (customer: string) => boolean;
}

/** Puts out what exchanges used, in the transaction that books them: a crash neither loses a message nor doubles it. */
export async function exportUse(trx: Kysely<Tables>, use: ExportedUse, versions?: KnownVersions): Promise<void> {
  const sinks = await readSinks(trx);
  if (sinks.length === 0) return;
  const { gatewayId } = use;
  // The product's own copies are no customer's use, whoever's key made them.
  const bookings = use.bookings.filter(({ isCopy }) => !isCopy);
  const corrections = use.corrections.filter(({ isCopy }) => !isCopy);
  const messages = sinks.flatMap((sink) => [
    ...bookings
      .filter(({ final, dimensions }) => final !== undefined && sink.isFor(dimensions.customer))
      .flatMap((booking) =>
        sink.kind === 'stripe' ? metered(sink, booking, versions) : [usageEvent(sink.name, gatewayId, booking)],
      ),
    ...corrections
      .filter(({ dimensions }) => sink.isFor(dimensions.customer))
      .flatMap((correction) =>
        sink.kind === 'stripe' ? meteredAgain(sink, correction) : [correctionEvent(sink.name, gatewayId, correction)],
      ),
  ]);
  await enqueueAll(trx, messages);
}

async function readSinks(trx: Kysely<Tables>): Promise<readonly SinkRow[]> {
  const rows = await trx.selectFrom('export_sink').selectAll().orderBy('name').execute();
  return rows.map(({ name, kind, meters, customers }) => {
    const known = customers === null ? undefined : new Set(customers as string[]);
    return { name, kind, meters: meters as ExportSink['meters'], isFor: (customer) => known?.has(customer) ?? true };
  });
}

function metered({ name, meters }: SinkRow, booking: Booking, versions: KnownVersions | undefined): OutboxMessage[] {
  const { requestId, dimensions, endedAtMs, units = {} } = booking;
  const { customer, model } = dimensions;
  const chargeNanos = chargesByBucket(booking, versions);
  const use = { requestId, attempt: 0, customer, endedAtMs, model, units, chargeNanos };
  return meterMessages(name, use, (bucket) => meters[bucket]);
}

/** Units that turned out to be other ones: meters take the difference, which may be negative. */
function meteredAgain({ name, meters }: SinkRow, correction: BookedCorrection): OutboxMessage[] {
  const { requestId, correctionId, dimensions, bookedAtMs, units, chargeNanos } = correction;
  const { customer, model } = dimensions;
  const use = {
    requestId,
    attempt: 0,
    customer,
    endedAtMs: bookedAtMs,
    model,
    units,
    about: `correction/${correctionId}`,
    chargeNanos: divided(chargeNanos, units, (bucket) => BigInt(Math.abs(units[bucket] ?? 0))),
  };
  return meterMessages(name, use, (bucket) => meters[bucket]);
}

/** The charge of a request, divided among its buckets as the price of its last attempt weighs them. */
function chargesByBucket(booking: Booking, versions: KnownVersions | undefined): Charges | undefined {
  const { units = {}, attempts, chargeNanos } = booking;
  if (chargeNanos === null) return undefined;
  const { fact } = attempts.find(({ isDelivered }) => isDelivered) ?? {};
  const price = fact?.priceVersionId === undefined ? undefined : versions?.price(fact.priceVersionId);
  const rated = fact && price && rateAttempt(fact, price);
  const picos = new Map(rated?.lines.map(({ bucket, picos: linePicos }) => [bucket, linePicos]));
  return divided(chargeNanos, units, (bucket) => (rated ? (picos.get(bucket) ?? 0n) : BigInt(units[bucket] ?? 0)));
}

type Charges = { readonly [Bucket in UsageBucket]?: bigint };

function divided(chargeNanos: bigint, units: UsageBuckets, weightOf: (bucket: UsageBucket) => bigint): Charges {
  const buckets = usageBuckets.filter((bucket) => (units[bucket] ?? 0) !== 0);
  if (buckets.length === 0) return {};
  const weights = buckets.map(weightOf);
  const isWeighed = weights.some((weight) => weight > 0n);
  const parts = apportion(chargeNanos, isWeighed ? weights : weights.map(() => 1n));
  return Object.fromEntries(buckets.map((bucket, index) => [bucket, parts[index] ?? 0n]));
}

function usageEvent(sink: string, gatewayId: string, booking: Booking): OutboxMessage {
  const { requestId, dimensions, endedAtMs, units = {}, status, costNanos, chargeNanos } = booking;
  return {
    sink,
    eventId: meterEventId(requestId, 0, 'usage'),
    kind: 'usage',
    occurredAtMs: endedAtMs,
    payload: {
      gateway: gatewayId,
      requestId,
      ...labelsOf(dimensions),
      status,
      units,
      costNanos: costNanos?.toString() ?? null,
      chargeNanos: chargeNanos?.toString() ?? null,
    },
  };
}

/** The differences that a correction made; the first event stays as it was sent. */
function correctionEvent(sink: string, gatewayId: string, correction: BookedCorrection): OutboxMessage {
  const { requestId, correctionId, dimensions, bookedAtMs, units, costNanos, chargeNanos, source } = correction;
  return {
    sink,
    eventId: meterEventId(requestId, 0, `correction/${correctionId}`),
    kind: 'usage_correction',
    occurredAtMs: bookedAtMs,
    payload: {
      gateway: gatewayId,
      requestId,
      correctionId,
      ...labelsOf(dimensions),
      source,
      units,
      costNanos: costNanos.toString(),
      chargeNanos: chargeNanos.toString(),
    },
  };
}

function labelsOf({ customer, key, job, model, host, endUser, feature, project }: Booking['dimensions']): object {
  return { customer, key, job, model, host, endUser, feature, project };
}
