import { parentPort } from 'node:worker_threads';
import { type FitInput, fitParts } from '../estimate/fit-prompts.ts';

// One fit a thread: it is started when there is something to fit, and ends with its answer.
parentPort?.once('message', (input: FitInput) => {
  parentPort?.postMessage(fitParts(input));
});
