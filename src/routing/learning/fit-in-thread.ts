import { spawnWorker } from '../../platform/workers.ts';
import type { FitInput, FitParts } from '../estimate/fit-prompts.ts';

/** A fit that runs elsewhere. */
export interface RunningFit {
  /** undefined: there was nothing to fit. Rejects when the thread fails. */
  readonly parts: Promise<FitParts | undefined>;
  stop(): void;
}

/** Fits in a thread of its own: it takes seconds, in which requests must not wait. */
export function fitInThread(input: FitInput): RunningFit {
  const worker = spawnWorker(import.meta.url, './fit-thread');
  worker.unref();
  const parts = new Promise<FitParts | undefined>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => resolve(undefined));
  });
  worker.postMessage(input);
  return { parts, stop: () => void worker.terminate() };
}
