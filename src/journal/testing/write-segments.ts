import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact } from '../../domain/facts/facts.ts';
import { systemClock } from '../../platform/clock.ts';
import { encodeFact } from '../facts/fact-encoding.ts';
import { factFrame } from '../segments/frame-types.ts';
import { defaultJournalLimits } from '../open-journal.ts';
import { createSegmentFiles } from '../segments/segment-files.ts';
import { recoverSegments } from '../segments/segment-recovery.ts';
import { SegmentWriter } from '../segments/segment-writer.ts';
import { createRingMemory, openRingConsumer, openRingProducer } from '../writer/shared-ring.ts';

/** What is written where. */
export interface SegmentsToWrite {
  readonly directory: string;
  readonly gatewayId: string;
  readonly facts: readonly Fact[];
  readonly segmentBytes: number;
}

const factsPerCommit = 500;

/**
 * Writes facts into a journal that nobody has open, on the caller's thread: for tests, which do not need a
 * writer thread of their own.
 */
export async function writeSegments({ directory, gatewayId, facts, segmentBytes }: SegmentsToWrite): Promise<void> {
  const folder = join(directory, gatewayId);
  mkdirSync(folder, { recursive: true });
  const limits = { ...defaultJournalLimits, segmentBytes };
  const memory = createRingMemory(limits.ringBytes);
  const producer = openRingProducer(memory);
  const writer = new SegmentWriter(
    { folder, gatewayId, durability: 'durable', limits, memory, resume: false },
    await recoverSegments(folder, gatewayId),
    { files: createSegmentFiles(), clock: systemClock, ring: openRingConsumer(memory), post: () => undefined },
  );
  for (let start = 0; start < facts.length; start += factsPerCommit) {
    for (const fact of facts.slice(start, start + factsPerCommit)) {
      if (!producer.push(factFrame[fact.type], encodeFact(fact))) throw new Error('the ring is full');
    }
    while (writer.pendingFrames() > 0) writer.write();
    writer.sync();
    writer.rollIfDue();
  }
  writer.seal();
}
