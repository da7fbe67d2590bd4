import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PeriodicTask } from '../../platform/periodic-task.ts';
import type { Database } from '../../storage/index.ts';
import { checkSums } from './check-sums.ts';

/** What one look came to; undefined sums could not be compared here. */
export interface SumsNews {
  /** One sentence for each thing that is not equal. */
  readonly problems: readonly string[];
}

/** How it is watched that journal, ledger and rollups stay equal. */
export interface SumsWatchSettings {
  readonly database: Database;
  /** Folder of all journals. */
  readonly directory: string;
  readonly everyMs: number;
  tell(news: SumsNews): void;
  failed(error: unknown): void;
}

/** Compares now and then; a look goes on where the last one ended. */
export function watchSums({ database, directory, everyMs, tell, failed }: SumsWatchSettings): PeriodicTask {
  const turn = async (): Promise<void> => {
    if (!(await readsAllJournals(database, directory))) return;
    const { problems } = await checkSums(database, directory);
    tell({ problems });
  };
  const task = new PeriodicTask({ everyMs, turn, failed });
  task.start();
  return task;
}

/** The books hold every gateway's exchanges: they compare only where every gateway's journal lies. */
async function readsAllJournals({ db }: Database, directory: string): Promise<boolean> {
  const rows = await db.selectFrom('watermark').select('gateway_id').where('projector', '=', 'main').execute();
  return rows.length > 0 && rows.every(({ gateway_id: gatewayId }) => existsSync(join(directory, gatewayId)));
}
