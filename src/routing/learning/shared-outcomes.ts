import type { OutcomeFact } from '../../domain/facts.ts';
import { outcomesChannel } from '../../domain/outcome-identity.ts';
import type { Database } from '../../storage/index.ts';

const pageSize = 2000;
/** Rows are read again this far back: one that began earlier may be committed later. Learning twice changes nothing. */
const overlap = 500n;
const pollMs = 2000;
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
  feed: { note(fact: OutcomeFact): void; replaying(isReplaying: boolean): void; failed(error: unknown): void },
): Promise<SharedOutcomes> {
  let readTo = -1n;
  let reading: Promise<void> | undefined;
  let isAskedAgain = false;
  const readOn = async (): Promise<void> => {
    const newest = await newestOf(database);
    const behind = newest - mostAtStart;
    if (readTo < behind) readTo = behind;
    for (let from = readTo - overlap; ;) {
      const rows = await database.db
        .selectFrom('routing_outcome')
        .select(['seq', 'fact'])
        .where('seq', '>', from)
        .orderBy('seq')
        .limit(pageSize)
        .execute();
      for (const { fact } of rows) if (isOutcome(fact)) feed.note(fact);
      const last = rows.at(-1);
      if (last) from = BigInt(last.seq);
      if (rows.length < pageSize) {
        if (from > readTo) readTo = from;
        return;
      }
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
