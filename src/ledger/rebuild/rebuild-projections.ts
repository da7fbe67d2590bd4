import { sql } from 'kysely';
import { RatingVersions } from '../../catalog/index.ts';
import { comparePositions, JournalCursor, type JournalPosition, listGateways } from '../../journal/index.ts';
import type { Database } from '../../storage/index.ts';
import { LedgerError } from '../ledger-error.ts';
import { Projector } from '../projector/projector.ts';
import { mainProjector, readWatermarks } from '../projector/watermarks.ts';
import {
  compareTables,
  dropRebuildTables,
  makeRebuildTables,
  type RebuildDifference,
  rebuildSchema,
  swapTables,
} from './rebuild-tables.ts';

/** How projections are rebuilt. */
export interface RebuildOptions {
  /** Folder of all journals. */
  readonly directory: string;
  /** Replaces the rollups even if they differ; the ledger is never replaced. */
  readonly isForced?: boolean;
  /** Compares and leaves everything as it is. */
  readonly isDryRun?: boolean;
}

/** What a rebuild came to. */
export interface RebuildReport {
  readonly facts: number;
  readonly booked: number;
  readonly differences: readonly RebuildDifference[];
  readonly isReplaced: boolean;
}

const batchBytes = 8 * 1024 * 1024;

/**
 * Makes every projection anew from the journal into fresh tables, compares them row by row with those that are there
 * and puts them in their place. Running projectors go on meanwhile and wait only for the comparison and the swap.
 */
export async function rebuildProjections(database: Database, options: RebuildOptions): Promise<RebuildReport> {
  const { db } = database;
  const gateways = await listGateways(options.directory);
  await checkJournals(options.directory, gateways);
  await makeRebuildTables(db);
  const rebuild = new Rebuild(database, options.directory, gateways);
  try {
    await rebuild.catchUp(await targets(database));
    return await db.transaction().execute(async (trx) => {
      // Nobody moves a watermark from here on, so both sides are of one moment.
      await sql`SET LOCAL statement_timeout = 0`.execute(trx);
      await sql`SELECT 1 FROM watermark WHERE projector = ${mainProjector} FOR UPDATE`.execute(trx);
      await rebuild.catchUp(await targets(database));
      const differences = await compareTables(trx);
      const isReplaced = options.isDryRun !== true && (differences.length === 0 || options.isForced === true);
      if (isReplaced) {
        await swapTables(trx);
        // Whoever projects remembers partitions and labels of the tables that are gone.
        await sql`UPDATE watermark SET epoch = epoch + 1 WHERE projector = ${mainProjector}`.execute(trx);
      }
      return { facts: rebuild.facts, booked: rebuild.booked, differences, isReplaced };
    });
  } finally {
    await dropRebuildTables(db);
  }
}

async function checkJournals(directory: string, gateways: readonly string[]): Promise<void> {
  for (const gatewayId of gateways) {
    if (await new JournalCursor(directory, gatewayId).reachesBack()) continue;
    throw new LedgerError(
      'incomplete_journal',
      `the oldest segments of ${gatewayId} are gone: bring them back into ${directory} before rebuilding`,
    );
  }
}

async function targets({ db }: Database): Promise<ReadonlyMap<string, JournalPosition>> {
  const rows = await readWatermarks(db);
  return new Map(rows.map(({ gatewayId, position }) => [gatewayId, position]));
}

class Rebuild {
  facts = 0;
  booked = 0;
  readonly #projectors: readonly { readonly gatewayId: string; readonly projector: Projector; isClaimed: boolean }[];
  readonly #directory: string;

  constructor(database: Database, directory: string, gateways: readonly string[]) {
    this.#directory = directory;
    const versions = new RatingVersions(database);
    this.#projectors = gateways.map((gatewayId) => ({
      gatewayId,
      projector: new Projector(database.db, { gatewayId, schema: rebuildSchema }, { versions, alarm: () => undefined }),
      isClaimed: false,
    }));
  }

  /** Projects every journal as far as it is projected already. */
  async catchUp(until: ReadonlyMap<string, JournalPosition>): Promise<void> {
    for (const one of this.#projectors) {
      const { gatewayId, projector } = one;
      const target = until.get(gatewayId);
      if (!target || target.segment === 0) continue;
      if (!one.isClaimed) await projector.claim();
      one.isClaimed = true;
      const cursor = new JournalCursor(this.#directory, gatewayId);
      while (comparePositions(projector.position, target) < 0) {
        const batch = await cursor.read(projector.position, { until: target, maxBytes: batchBytes });
        if (comparePositions(batch.next, projector.position) === 0) break;
        const result = await projector.project(batch);
        this.facts += result.facts;
        this.booked += result.booked;
      }
    }
  }
}
