import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnWorker } from '../../platform/workers.ts';
import { readJournalDirectory } from '../../journal/index.ts';
import { measureReturns } from './measure-returns.ts';
import type { ReturnsAnswer, ReturnsQuestion } from './returns-question.ts';
import type { ThreadOrder } from './returns-thread.ts';

/** Journals from which on reading them again would be noticed by requests. */
const mostHereBytes = 4 * 1024 * 1024;

/** Measures from the journal on disk; in a thread of its own when that takes long. */
export async function measureFromDisk(journalDirectory: string, question: ReturnsQuestion): Promise<ReturnsAnswer> {
  return (await sizeOf(journalDirectory)) <= mostHereBytes
    ? measureReturns(readJournalDirectory(journalDirectory), question)
    : measureInThread(journalDirectory, question);
}

/** Measures in a thread that reads the journal: no request may wait for somebody's report. */
export function measureInThread(journalDirectory: string, question: ReturnsQuestion): Promise<ReturnsAnswer> {
  const workerData: ThreadOrder = { journalDirectory, question };
  const worker = spawnWorker(import.meta.url, './returns-thread', { workerData });
  worker.unref();
  const answer = new Promise<ReturnsAnswer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread that measures returns ended without an answer')));
  });
  return answer.finally(() => void worker.terminate());
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    // Retention may take a segment away in between.
    files.map(({ parentPath, name }) =>
      stat(join(parentPath, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
