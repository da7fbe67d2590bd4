import { parentPort, workerData } from 'node:worker_threads';
import { readJournalDirectory } from '../../journal/index.ts';
import { measureReturns } from './measure-returns.ts';
import type { ReturnsQuestion } from './returns-question.ts';

/** What the thread is given at its start. */
export interface ThreadOrder {
  readonly journalDirectory: string;
  readonly question: ReturnsQuestion;
}

// One question a thread: it ends with its answer.
const { journalDirectory, question } = workerData as ThreadOrder;
parentPort?.postMessage(await measureReturns(readJournalDirectory(journalDirectory), question));
