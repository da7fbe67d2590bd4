import { spawnWorker } from '../../platform/workers.ts';
import type { PairReport } from '../runs/eval-report.ts';
import { type LeaderboardRow, rankRows, type RowEvidence } from './rank-rows.ts';

/** What rows are ranked by. */
export interface RankInput {
  readonly evidence: readonly RowEvidence[];
  readonly pairs: readonly PairReport[];
}

/** Observations from which on drawing them again a thousand times would be noticed by requests. */
const mostHere = 2_000;

/** Ranks in a thread of its own when that takes long: requests must not wait for somebody's leaderboard. */
export function rankInThread(input: RankInput): Promise<readonly LeaderboardRow[]> {
  const size = input.evidence.reduce((sum, { parts }) => sum + parts.length, 0);
  if (size <= mostHere) return Promise.resolve(rankRows(input.evidence, input.pairs));
  const worker = spawnWorker(import.meta.url, './rank-thread');
  worker.unref();
  const rows = new Promise<readonly LeaderboardRow[]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread of a leaderboard ended without an answer')));
  });
  worker.postMessage(input);
  return rows.finally(() => void worker.terminate());
}
