import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../platform/clock.ts';
import { describeError } from '../journal-error.ts';
import { createSegmentFiles, type SegmentFiles } from '../segments/segment-files.ts';
import { recoverSegments } from '../segments/segment-recovery.ts';
import { SegmentRetention } from '../retention/segment-retention.ts';
import { SegmentWriter } from '../segments/segment-writer.ts';
import { openRingConsumer } from './shared-ring.ts';
import { WriterLoop } from './writer-loop.ts';
import type { WriterMessage, WriterSetup } from './writer-protocol.ts';

const setup: WriterSetup = workerData;

function tell(message: WriterMessage): void {
  parentPort?.postMessage(message);
}

async function loadFiles(): Promise<SegmentFiles> {
  if (setup.filesModule === undefined) return createSegmentFiles();
  const module: { createFiles(spec: unknown): SegmentFiles } = await import(setup.filesModule.url);
  return module.createFiles(setup.filesModule.spec);
}

async function main(): Promise<void> {
  const files = await loadFiles();
  const ring = openRingConsumer(setup.memory);
  const resumed = setup.resume ? ring.progress() : undefined;
  const recovery = await recoverSegments(setup.folder, setup.gatewayId, resumed);
  tell({ kind: 'recovered', recovery });
  const retention = new SegmentRetention(setup, {
    files,
    clock: systemClock,
    post: tell,
    keepFrom: () => ring.keepFrom(),
  });
  for (const segment of recovery.segments) retention.add(segment);
  const post = (message: WriterMessage): void => {
    if (message?.kind === 'rolled') retention.opened(message.segment);
    tell(message);
  };
  const shared = { files, ring, clock: systemClock, post };
  const writer = new SegmentWriter(setup, recovery, shared);
  tell({ kind: 'ready' });
  new WriterLoop(setup, { ...shared, writer, retain: () => retention.run() }).run();
  tell({ kind: 'closed' });
}

try {
  await main();
} catch (error) {
  tell({ kind: 'failed', error: describeError(error) });
  throw error;
}
