import type { Kysely, Transaction } from 'kysely';
import type { AttemptFact, OutcomeFact } from '../../domain/facts/facts.ts';
import { comparePositions, type CursorBatch, type JournalPosition } from '../../journal/index.ts';
import type { Tables } from '../../storage/index.ts';
import { BatchWriter, type HeldAttempt } from './books/batch-writer.ts';
import { type Booking, bookingOf } from './books/booking.ts';
import { LabelCache } from './facts/clean-label.ts';
import { type BatchFold, ExchangeBook } from './exchanges/exchange-book.ts';
import { undecided } from './exchanges/held-exchanges.ts';
import { attemptMark } from './exchanges/pending-exchange.ts';
import { useSchema } from './schema.ts';
import { loadOpenExchanges } from './exchanges/open-exchanges.ts';
import { Partitions } from './partitions.ts';
import type { ProjectorPorts } from './ports.ts';
import { ofBooking, ofFact, type QuarantinedFact } from './quarantine/quarantine.ts';
import { type FlawedFact, isFlawed, isMoneyType, type PlacedMoneyFact, readFact } from './facts/read-fact.ts';
import { readOutcome } from './facts/read-outcome.ts';
import { findRatingDifferences, type RatingDifference } from './books/rerate.ts';
import { dayOf } from './sums/time-slots.ts';
import { UsageLabels } from './facts/usage-labels.ts';
import { claimWatermark, mainProjector, moveWatermark, type ProjectorIdentity } from './watermarks.ts';

/** Whose journal is projected, and where to. */
export interface ProjectorSettings {
  readonly gatewayId: string;
  readonly projector?: string;
  /** Schema of the projections when it is not the usual one: a rebuild fills tables of its own. */
  readonly schema?: string;
}

/** What a batch came to. */
export interface BatchResult {
  readonly facts: number;
  readonly booked: number;
  readonly repeated: number;
  readonly quarantined: number;
}

type Read = PlacedMoneyFact | FlawedFact;

interface ReadBatch {
  readonly reads: readonly Read[];
  readonly outcomes: readonly OutcomeFact[];
}

/**
 * Turns batches of facts into ledger entries and rollups, each in one transaction with its watermark: after a crash
 * at any moment a batch has happened wholly or not at all. Deterministic: it knows no clock and no chance.
 */
export class Projector {
  readonly #db: Kysely<Tables>;
  readonly #ports: ProjectorPorts;
  readonly #settings: Required<Omit<ProjectorSettings, 'schema'>> & Pick<ProjectorSettings, 'schema'>;
  readonly #book = new ExchangeBook();
  readonly #labels: UsageLabels;
  readonly #names = new LabelCache();
  readonly #partitions = new Partitions();
  readonly #prepared = new WeakMap<CursorBatch, ReadBatch>();
  #identity: ProjectorIdentity | undefined;
  #position: JournalPosition = { segment: 0, offset: 0 };
  #isLoaded = false;

  constructor(db: Kysely<Tables>, settings: ProjectorSettings, ports: ProjectorPorts) {
    this.#db = db;
    this.#ports = ports;
    this.#settings = { projector: mainProjector, ...settings };
    this.#labels = new UsageLabels(settings.gatewayId);
  }

  /** Behind everything that is projected. */
  get position(): JournalPosition {
    return this.#position;
  }

  /** Exchanges read in part. */
  get openExchanges(): number {
    return this.#book.size;
  }

  /** Takes the projection over; whoever had it can commit nothing any more. */
  async claim(): Promise<JournalPosition> {
    const { gatewayId, projector } = this.#settings;
    await this.#transaction(async (trx) => {
      const row = await claimWatermark(trx, { gatewayId, projector });
      this.#identity = { gatewayId, projector, epoch: row.epoch };
      this.#position = row.position;
    });
    this.#forget();
    return this.#position;
  }

  /** Parses and checks a batch ahead of its turn; to be called while the database works on the one before. */
  prepare(batch: CursorBatch): void {
    this.#prepared.set(batch, this.#read(batch));
  }

  /** Projects one batch. A failure changes nothing, neither in the database nor here. */
  async project(batch: CursorBatch): Promise<BatchResult> {
    const identity = this.#identity ?? (await this.#claimed());
    try {
      await this.#load();
      const { reads, outcomes } = this.#prepared.get(batch) ?? this.#read(batch);
      return await this.#commit(identity, { batch, reads, outcomes });
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** Sets one fact apart that the database refuses, and goes on behind it. */
  async refuse(batch: CursorBatch, detail: string): Promise<BatchResult> {
    const identity = this.#identity ?? (await this.#claimed());
    await this.#load();
    const [raw] = batch.facts;
    const refused = raw && { raw, detail, requestId: '', costNanos: 0n, chargeNanos: 0n };
    const quarantined = refused ? [toQuarantined({ ...refused, reason: 'malformed' }, 'refused')] : [];
    return this.#commit(identity, { batch, reads: [], quarantined });
  }

  #read({ facts }: CursorBatch): ReadBatch {
    return {
      reads: facts.filter(({ type }) => isMoneyType(type)).map(readFact),
      outcomes: this.#ports.applyOutcome ? facts.flatMap((raw) => readOutcome(raw) ?? []) : [],
    };
  }

  async #claimed(): Promise<ProjectorIdentity> {
    await this.claim();
    if (!this.#identity) throw new Error('a projector claims its journal first');
    return this.#identity;
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return;
    await this.#transaction(async (trx) => {
      for (const pending of await loadOpenExchanges(trx, this.#settings.gatewayId)) this.#book.restore(pending);
    });
    this.#isLoaded = true;
  }

  #forget(): void {
    this.#book.clear();
    this.#labels.clear();
    this.#partitions.clear();
    this.#isLoaded = false;
  }

  async #commit(
    identity: ProjectorIdentity,
    work: {
      batch: CursorBatch;
      reads: readonly Read[];
      outcomes?: readonly OutcomeFact[];
      quarantined?: readonly QuarantinedFact[];
    },
  ): Promise<BatchResult> {
    const { batch, reads } = work;
    const { versions, alarm } = this.#ports;
    const differences = versions ? await this.#undecided(await findRatingDifferences(reads, versions)) : noDifferences;
    const fold = this.#book.fold(reads, (fact) => differences.has(fact));
    if (batch.facts.length === 0 && batch.isAtEnd) this.#book.settleIncomplete(fold);
    this.#book.settleOverflow(fold);
    const bookings = [...fold.settled.values()].map((pending) => bookingOf(pending, this.#names.clean));
    const isNothing = comparePositions(batch.next, this.#position) === 0 && bookings.length === 0;
    if (isNothing) return { facts: 0, booked: 0, repeated: 0, quarantined: 0 };
    await this.#ensurePartitions(bookings);
    const quarantined = [...(work.quarantined ?? []), ...quarantinedOf({ reads, fold, bookings })];
    const held = heldOf(fold, differences);
    const result = await this.#transaction(async (trx) => {
      const horizonMs = await moveWatermark(trx, identity, {
        from: this.#position,
        to: batch.next,
        facts: batch.facts.length,
        repeated: fold.repeated,
      });
      const writer = new BatchWriter(trx, {
        gatewayId: identity.gatewayId,
        sourceRef: sourceRefOf(identity.gatewayId, this.#position, batch.next),
        labels: this.#labels,
        book: this.#book,
        applyCharges: this.#ports.applyCharges,
        exportUse: this.#ports.exportUse,
      });
      const written = await writer.write({ fold, bookings, quarantined, held, horizonMs });
      // After the exchanges that they are about, and with the watermark: a crash neither loses a charge nor doubles it.
      for (const outcome of work.outcomes ?? []) await this.#ports.applyOutcome?.(trx, outcome);
      return written;
    });
    this.#position = batch.next;
    for (const requestId of result.dropped) this.#book.drop(requestId);
    for (const { reason, detail } of result.quarantined) {
      alarm({ kind: 'quarantined', gatewayId: identity.gatewayId, detail: `${reason}: ${detail}` });
    }
    return {
      facts: batch.facts.length,
      booked: result.booked,
      repeated: fold.repeated + result.repeated,
      quarantined: result.quarantined.length,
    };
  }

  /** Without those that a person has let out of quarantine, at their first telling or in a rebuild. */
  #undecided(found: ReadonlyMap<AttemptFact, RatingDifference>): Promise<ReadonlyMap<AttemptFact, RatingDifference>> {
    return undecided(this.#db, this.#settings.gatewayId, found);
  }

  /** Apart from the batch, since making a partition locks its table. */
  async #ensurePartitions(bookings: readonly Booking[]): Promise<void> {
    // By days: no partition is shorter.
    const [starts, attempts, births] = [new Set<number>(), new Set<number>(), new Set<number>()];
    for (const booking of bookings) {
      starts.add(dayOf(booking.startedAtMs));
      births.add(booking.bornDayMs);
      for (const { startedAtMs } of booking.attempts) attempts.add(dayOf(startedAtMs));
    }
    const wanted: readonly (readonly [string, ReadonlySet<number>])[] = [
      ['usage_slot', starts],
      ['usage_day', starts],
      ['end_user_day', starts],
      ['usage_label', new Set([...starts, ...attempts])],
      ['host_usage_hour', attempts],
      ['performance_minute', attempts],
      ['performance_hour', attempts],
      ['performance_day', attempts],
      ['exchange_recent', births],
    ];
    for (const [table, times] of wanted) {
      if (this.#partitions.missing(table, times)) {
        await this.#transaction((trx) => this.#partitions.ensure(trx, table, times));
      }
    }
  }

  #transaction<Result>(work: (trx: Transaction<Tables>) => Promise<Result>): Promise<Result> {
    return this.#db.transaction().execute(async (trx) => {
      await useSchema(trx, this.#settings.schema);
      return work(trx);
    });
  }
}

const noDifferences: ReadonlyMap<AttemptFact, RatingDifference> = new Map();

function sourceRefOf(gatewayId: string, from: JournalPosition, to: JournalPosition): string {
  return `${gatewayId}/${from.segment}:${from.offset}..${to.segment}:${to.offset}`;
}

function toQuarantined(flawed: FlawedFact, reason: QuarantinedFact['reason'] = flawed.reason): QuarantinedFact {
  const { raw, detail, requestId, costNanos, chargeNanos } = flawed;
  return {
    position: raw.position,
    reason,
    detail,
    requestId,
    factType: raw.type,
    body: raw.body,
    costNanos,
    chargeNanos,
  };
}

/** Facts of this batch whose amounts are held, with the marks under which they are known once they are booked. */
function heldOf({ held }: BatchFold, differences: ReadonlyMap<AttemptFact, RatingDifference>): HeldAttempt[] {
  return held.flatMap((fact) => {
    const difference = differences.get(fact);
    if (!difference) return [];
    const { read, detail } = difference;
    const costNanos = BigInt(fact.costNanos ?? '0');
    return [{ mark: attemptMark(read), fact: { ...ofFact(read, { reason: 'rating_difference', detail }), costNanos } }];
  });
}

function quarantinedOf(seen: {
  readonly reads: readonly Read[];
  readonly fold: BatchFold;
  readonly bookings: readonly Booking[];
}): QuarantinedFact[] {
  const flawed = seen.reads.filter(isFlawed).map((read) => toQuarantined(read));
  const conflicts = seen.fold.contradictions.map(({ read, detail }) => ofFact(read, { reason: 'conflict', detail }));
  const contradicting = seen.bookings.flatMap((booking): QuarantinedFact[] => {
    if (booking.costContradiction === undefined) return [];
    const flaw = { reason: 'cost_difference', detail: booking.costContradiction } as const;
    return [ofBooking(booking, flaw)];
  });
  return [...flawed, ...conflicts, ...contradicting];
}
