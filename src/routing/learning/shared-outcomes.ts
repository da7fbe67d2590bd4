import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { outcomesChannel } from '../../domain/outcomes/outcome-identity.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';

const pageSize = 2000;
const pollMs = 2000;
/** A number that is missing for so long belongs to a row that was never written. */
const gapMs = 10_000;
/** Older outcomes count next to nothing. */
const keptMs = 90 * 86_400_000;
const mostAtStart = 200_000n;

/** What follows the outcomes that gateways share. */
export interface SharedOutcomes {
  close(): Promise<void>;
}

/**
 * Feeds a learner with what every gateway was told, this one's own outcomes included, which it knows already. The first
 * reading is whole before this resolves.
 */
export async function followOutcomes(
  database: Database,
  feed: {
    readonly clock: Clock;
    note(fact: OutcomeFact): void;
    replaying(isReplaying: boolean): void;
    failed(error: unknown): void;
  },
): Promise<SharedOutcomes> {
  const place = new ReadPlace(() => feed.clock.monotonicMs());
  let reading: Promise<void> | undefined;
  let isAskedAgain = false;
  const readOn = async (): Promise<void> => {
    const newest = await newestOf(database);
    place.skipTo(newest - mostAtStart);
    for (let from = place.readTo; ;) {
      const rows = await database.db
        .selectFrom('routing_outcome')
        .select(['seq', 'fact'])
        .where('seq', '>', from)
        .orderBy('seq')
        .limit(pageSize)
        .execute();
      for (const { seq, fact } of rows) if (place.isNew(BigInt(seq)) && isOutcome(fact)) feed.note(fact);
      const last = rows.at(-1);
      if (last) from = BigInt(last.seq);
      if (rows.length < pageSize) return place.settle();
    }
  };
  const refresh = (): Promise<void> => {
    isAskedAgain = reading !== undefined;
    reading ??= readOn()
      .catch((error: unknown) => feed.failed(error))
      .finally(() => {
        reading = undefined;
        if (isAskedAgain) void refresh();
      });
    return reading;
  };
  feed.replaying(true);
  await refresh();
  feed.replaying(false);
  const stop = await database.listen(outcomesChannel, () => void refresh(), { pollMs });
  return {
    async close() {
      await stop();
      isAskedAgain = false;
      await reading;
    },
  };
}

/**
 * How far the shared outcomes were read. Numbers are given when a row begins and seen when it is committed, so that a
 * lower one may appear after a higher one: reading begins again at a gap until the gap is filled or too old to be.
 */
export class ReadPlace {
  readonly #nowMs: () => number;
  /** Numbers above `readTo` that were read. */
  readonly #above = new Set<bigint>();
  #gapSinceMs: number | undefined;
  #readTo = -1n;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Everything up to here was read, or never will be there. */
  get readTo(): bigint {
    return this.#readTo;
  }

  /** Leaves out what is older. */
  skipTo(seq: bigint): void {
    if (seq > this.#readTo) this.#readTo = seq;
  }

  /** Whether a row was not read before; it is now. */
  isNew(seq: bigint): boolean {
    if (seq <= this.#readTo || this.#above.has(seq)) return false;
    this.#above.add(seq);
    return true;
  }

  /** After a reading: goes on to the first gap, or over all of them when they are old. */
  settle(): void {
    const read = [...this.#above].sort((left, right) => (left < right ? -1 : 1));
    const isOld = this.#gapSinceMs !== undefined && this.#nowMs() - this.#gapSinceMs >= gapMs;
    for (const seq of read) {
      // Nothing is known of what came before the first row.
      if (!isOld && this.#readTo >= 0n && seq !== this.#readTo + 1n) break;
      this.#above.delete(seq);
      this.#readTo = seq;
    }
    const sinceMs = isOld ? undefined : this.#gapSinceMs;
    this.#gapSinceMs = this.#above.size === 0 ? undefined : (sinceMs ?? this.#nowMs());
  }
}

/** Forgets shared outcomes that are too old to matter; their journals keep them. */
export async function dropOldOutcomes(database: Database, nowMs: number): Promise<void> {
  await database.db
    .deleteFrom('routing_outcome')
    .where('at_ms', '<', BigInt(nowMs - keptMs))
    .execute();
}

async function newestOf(database: Database): Promise<bigint> {
  const row = await database.db
    .selectFrom('routing_outcome')
    .select(({ fn }) => fn.max('seq').as('newest'))
    .executeTakeFirst();
  return row?.newest === null || row?.newest === undefined ? 0n : BigInt(row.newest);
}

/** Rows are written by us, perhaps by a newer version of us. */
function isOutcome(fact: unknown): fact is OutcomeFact {
  return typeof fact === 'object' && fact !== null && 'type' in fact && fact.type === 'outcome' && 'requestId' in fact;
}
