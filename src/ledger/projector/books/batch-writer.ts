import type { Transaction } from 'kysely';
import { idTimeMs } from '../../../platform/ids.ts';
import type { Tables } from '../../../storage/index.ts';
import { postTransactions } from '../../books/post-transaction.ts';
import type { BatchFold, ExchangeBook } from '../exchanges/exchange-book.ts';
import { saveHeldExchanges } from '../exchanges/held-exchanges.ts';
import { saveOpenExchanges } from '../exchanges/open-exchanges.ts';
import type { PendingExchange } from '../exchanges/pending-exchange.ts';
import { adjustExchange, findExchanges, insertExchanges, type KnownExchange } from '../exchanges/recent-exchanges.ts';
import { compareTold, dimensionsOfKnown, type LateAttempt, lateUse, toldDigest } from '../facts/told-again.ts';
import type { UsageLabels } from '../facts/usage-labels.ts';
import type { ApplyCharges, BookedCorrection, ExportUse } from '../ports.ts';
import { ofBooking, ofFact, type QuarantinedFact, saveQuarantined } from '../quarantine/quarantine.ts';
import { BatchSums } from '../sums/batch-sums.ts';
import { type BookedAttempt, type Booking, bookedAttemptOf } from './booking.ts';
import { applyCorrections, saveEstimates } from './corrections.ts';

/** What the writing of a batch works with. */
export interface BatchWriterParts {
  readonly gatewayId: string;
  readonly sourceRef: string;
  readonly labels: UsageLabels;
  readonly book: ExchangeBook;
  readonly applyCharges: ApplyCharges | undefined;
  readonly exportUse: ExportUse | undefined;
}

/** A gathered batch. */
export interface GatheredBatch {
  readonly fold: BatchFold;
  readonly bookings: readonly Booking[];
  readonly quarantined: readonly QuarantinedFact[];
  /** Attempts whose amounts are held, by their marks. */
  readonly held: readonly HeldAttempt[];
  /** Exchanges that began before are forgotten. */
  readonly horizonMs: number;
}

/** An attempt whose amount is held. */
export interface HeldAttempt {
  readonly mark: bigint;
  readonly fact: QuarantinedFact;
}

/** What was written. */
export interface WrittenBatch {
  readonly booked: number;
  readonly repeated: number;
  readonly quarantined: readonly QuarantinedFact[];
  /** Pending exchanges that turned out to be booked already. */
  readonly dropped: readonly string[];
}

/** Writes one batch within the transaction of its watermark. */
export class BatchWriter {
  readonly #trx: Transaction<Tables>;
  readonly #parts: BatchWriterParts;
  readonly #sums: BatchSums;
  readonly #quarantined: QuarantinedFact[] = [];
  #repeated = 0;

  constructor(trx: Transaction<Tables>, parts: BatchWriterParts) {
    this.#trx = trx;
    this.#parts = parts;
    this.#sums = new BatchSums(parts.labels);
  }

  async write(batch: GatheredBatch): Promise<WrittenBatch> {
    const { fold } = batch;
    this.#quarantined.push(...batch.quarantined);
    const fresh = await this.#newOnes(batch);
    const { dropped, late, known } = await this.#compareWithKnown(batch, fresh);
    this.#quarantined.push(...heldForFirst(batch.held, known));
    await this.#parts.labels.load(this.#trx, fresh);
    for (const booking of fresh) this.#sums.addBooking(booking);
    for (const attempt of late) await this.#addLate(attempt);
    await this.#charge(fresh);
    const corrections = await this.#correct(fresh, fold);
    await this.#save(fold, fresh, dropped);
    await this.#parts.exportUse?.(this.#trx, { gatewayId: this.#parts.gatewayId, bookings: fresh, corrections });
    return {
      booked: fresh.length,
      repeated: this.#repeated,
      quarantined: this.#quarantined,
      dropped,
    };
  }

  /** Exchanges that were never booked; those too old to know are set apart. */
  async #newOnes({ fold, bookings, horizonMs }: GatheredBatch): Promise<readonly Booking[]> {
    const isStale = ({ requestId }: Booking): boolean =>
      horizonMs > 0 && fold.fresh.has(requestId) && (idTimeMs(requestId) ?? Number.POSITIVE_INFINITY) < horizonMs;
    const believable = bookings.filter((booking) => !isStale(booking));
    for (const booking of bookings.filter(isStale)) {
      this.#quarantined.push({
        ...ofBooking(booking, { reason: 'stale', detail: 'its day is no longer remembered' }),
        costNanos: booking.costNanos ?? 0n,
        chargeNanos: booking.chargeNanos ?? 0n,
      });
    }
    const made = await insertExchanges(this.#trx, this.#parts.gatewayId, believable);
    return believable.filter(({ requestId }) => made.has(requestId));
  }

  /** Facts of exchanges that were booked in an earlier batch: repetitions, late attempts, contradictions. */
  async #compareWithKnown(
    { fold, bookings }: GatheredBatch,
    fresh: readonly Booking[],
  ): Promise<{
    dropped: readonly string[];
    late: readonly LateAttempt[];
    known: ReadonlyMap<string, KnownExchange>;
  }> {
    const isNew = new Set(fresh.map(({ requestId }) => requestId));
    const again = bookings.filter(({ requestId }) => !isNew.has(requestId));
    const pending = [...fold.fresh].flatMap((requestId) => this.#parts.book.pendingOf(requestId) ?? []);
    const ids = [...again, ...pending].map(({ requestId }) => requestId);
    const known = await findExchanges(this.#trx, ids);
    const late: LateAttempt[] = [];
    for (const booking of again) {
      const before = known.get(booking.requestId);
      if (before) late.push(...this.#toldAgain(before, booking));
    }
    const dropped = pending.filter(({ requestId }) => known.has(requestId));
    for (const exchange of dropped) {
      const before = known.get(exchange.requestId);
      if (before) late.push(...this.#toldInPart(before, exchange));
    }
    return { dropped: dropped.map(({ requestId }) => requestId), late, known };
  }

  #toldAgain(known: KnownExchange, booking: Booking): readonly LateAttempt[] {
    const digest = toldDigest(booking);
    const { attempts, attemptMarks: marks } = booking;
    const { late, contradictions } = compareTold(known, { attempts, marks, ...(digest !== undefined && { digest }) });
    for (const detail of contradictions) this.#quarantined.push(ofBooking(booking, { reason: 'conflict', detail }));
    this.#repeated += 1;
    return late;
  }

  #toldInPart(known: KnownExchange, exchange: PendingExchange): readonly LateAttempt[] {
    const recorded = [...exchange.attempts.values()];
    const attempts: BookedAttempt[] = recorded.map(bookedAttemptOf);
    const digest = exchange.ended?.digest;
    const marks = recorded.map(({ mark }) => mark);
    const told = compareTold(known, { attempts, marks, ...(digest !== undefined && { digest }) });
    for (const detail of told.contradictions) {
      const [first] = recorded;
      const position = exchange.ended?.position ?? { segment: 0, offset: 0 };
      if (first) this.#quarantined.push(ofFact({ fact: first.fact, position }, { reason: 'conflict', detail }));
    }
    this.#repeated += 1;
    return told.late;
  }

  async #addLate(late: LateAttempt): Promise<void> {
    const attempt = lateUse(late);
    const { known, mark } = late;
    this.#sums.addAttempt({ dimensions: dimensionsOfKnown(known), startedAtMs: Number(known.started_at_ms) }, attempt);
    await adjustExchange(this.#trx, known.request_id, { costNanos: attempt.costNanos ?? 0n, chargeNanos: 0n, mark });
  }

  /** Who pays is decided in the order of the journal. */
  async #charge(bookings: readonly Booking[]): Promise<void> {
    const charged = bookings.filter(({ chargeNanos }) => chargeNanos !== null && chargeNanos > 0n);
    const { applyCharges, gatewayId } = this.#parts;
    const fundings = await applyCharges?.(
      this.#trx,
      charged.map(({ requestId, dimensions, tokenId, chargeNanos, startedAtMs }) => ({
        exchangeId: requestId,
        gatewayId,
        spender: spenderOf(dimensions),
        tokenId,
        chargeNanos: chargeNanos ?? 0n,
        startedAtMs,
      })),
    );
    const partsById = new Map(fundings?.map(({ exchangeId, parts }) => [exchangeId, parts]));
    for (const { requestId, dimensions, chargeNanos, startedAtMs } of charged) {
      const parts = partsById.get(requestId) ?? [{ kind: 'receivable' as const, amountNanos: chargeNanos ?? 0n }];
      this.#sums.ledger.addPaid({ customer: dimensions.customer, host: dimensions.host, startedAtMs }, parts);
    }
  }

  async #correct(fresh: readonly Booking[], { corrections }: BatchFold): Promise<readonly BookedCorrection[]> {
    const { gatewayId, labels, applyCharges } = this.#parts;
    const estimated = fresh.filter(({ isEstimated }) => isEstimated);
    const estimates = estimated.map((booking) => ({
      booking,
      bounded: labels.bound(booking.startedAtMs, booking.dimensions),
    }));
    await saveEstimates(this.#trx, gatewayId, estimates);
    const { booked, contradictions } = await applyCorrections(
      { executor: this.#trx, gatewayId, sums: this.#sums, applyCharges },
      corrections,
      estimated.map(({ requestId }) => requestId),
    );
    for (const read of contradictions) {
      this.#quarantined.push(ofFact(read, { reason: 'conflict', detail: 'this correction was told otherwise before' }));
    }
    return booked;
  }

  async #save(fold: BatchFold, fresh: readonly Booking[], dropped: readonly string[]): Promise<void> {
    const trx = this.#trx;
    const { gatewayId, labels, book, sourceRef } = this.#parts;
    const sums = this.#sums;
    await labels.save(trx);
    await sums.writeSums(trx);
    await postTransactions(trx, sums.ledger.transactions(sourceRef));
    const gone = new Set(dropped);
    const pending = [...fold.touched].flatMap((requestId) =>
      gone.has(requestId) ? [] : (book.pendingOf(requestId) ?? []),
    );
    const settled = [...fold.settled.keys()].filter((requestId) => !fold.fresh.has(requestId));
    await saveOpenExchanges(trx, gatewayId, { pending, settled });
    await saveHeldExchanges(
      trx,
      gatewayId,
      fresh.flatMap(({ requestId }) => fold.settled.get(requestId) ?? []),
    );
    await saveQuarantined(trx, gatewayId, this.#quarantined);
  }
}

/** An attempt that was booked before has its amount in quarantine already, or in the books by a release. */
function heldForFirst(
  held: readonly HeldAttempt[],
  known: ReadonlyMap<string, KnownExchange>,
): readonly QuarantinedFact[] {
  return held.flatMap(({ mark, fact }) =>
    known.get(fact.requestId)?.attempt_digests.includes(mark) === true ? [] : [fact],
  );
}

function spenderOf(dimensions: Booking['dimensions']) {
  const { customer, key, endUser, job, project, feature } = dimensions;
  const orNone = (name: string): string | undefined => (name === '' ? undefined : name);
  return {
    customer,
    key,
    endUser: orNone(endUser),
    job: orNone(job),
    project: orNone(project),
    feature: orNone(feature),
  };
}
