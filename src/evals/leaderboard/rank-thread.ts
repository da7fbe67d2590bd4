import { parentPort } from 'node:worker_threads';
import { rankRows } from './rank-rows.ts';
import type { RankInput } from './rank-in-thread.ts';

// One leaderboard a thread: it ends with its answer.
parentPort?.once('message', ({ evidence, pairs }: RankInput) => {
  parentPort?.postMessage(rankRows(evidence, pairs));
});
