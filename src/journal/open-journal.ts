import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { AbortFact } from '../domain/facts/facts.ts';
import type { Clock } from '../platform/clock.ts';
import { spawnWorker } from '../platform/workers.ts';
import type { Durability, Journal } from './contract.ts';
import { lockDirectory } from './directory-lock.ts';
import { FileJournal } from './file-journal.ts';
import type { JournalLog } from './journal-log.ts';
import type { OpenExchange } from './segments/segment-meta.ts';
import { SegmentReader } from './segments/segment-reader.ts';
import { estimatedCostNanos } from './segments/segment-tally.ts';
import { createRingMemory, openRingProducer } from './writer/shared-ring.ts';
import { WriterLink } from './writer/writer-link.ts';
import type { JournalLimits, WriterSetup } from './writer/writer-protocol.ts';

/** How a journal is opened. */
export interface JournalSettings {
  /** Folder of all journals; each gateway has a folder of its own in it. */
  readonly directory: string;
  readonly gatewayId: string;
  readonly durability: Durability;
  readonly clock: Clock;
  readonly log: JournalLog;
  /** Projections read this journal: no segment is deleted until `keepFrom` says that they are past it. */
  readonly isProjected?: boolean;
  /** Sizes and times other than the product's own. */
  readonly limits?: Partial<JournalLimits>;
}

/** What tests put in the place of the real writer thread and disk. */
export interface JournalSeams {
  readonly spawn?: (setup: WriterSetup) => Worker;
  readonly filesModule?: WriterSetup['filesModule'];
}

/** The product's sizes and times. */
export const defaultJournalLimits: JournalLimits = {
  ringBytes: 8 * 1024 * 1024,
  segmentBytes: 64 * 1024 * 1024,
  segmentAgeMs: 60_000,
  reserveBytes: 256 * 1024 * 1024,
  reserveSeconds: 60,
  retentionMs: 30 * 24 * 3_600_000,
  retentionShare: 0.2,
  relaxedSyncMs: 50,
};

const abortsPerCommit = 500;
/** Above every segment's number. */
const noSegment = 0x7fff_ffff;

/** Opens a gateway's journal, mends what a crash left and closes its open exchanges with `abort` facts. */
export async function openJournal(settings: JournalSettings, seams: JournalSeams = {}): Promise<Journal> {
  const { gatewayId, durability, clock, log } = settings;
  const limits = { ...defaultJournalLimits, ...settings.limits };
  const folder = resolve(join(settings.directory, gatewayId));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(folder);
  try {
    const memory = createRingMemory(limits.ringBytes);
    const ring = openRingProducer(memory);
    ring.keepFrom(settings.isProjected === true ? 0 : noSegment);
    const journal = new FileJournal({
      ring,
      ringBytes: limits.ringBytes,
      reader: new SegmentReader(folder, gatewayId),
      durability,
      clock,
      log,
      release: () => lock.release(),
    });
    const setup = { folder, gatewayId, durability, limits, memory, resume: false };
    const link = new WriterLink(
      seams.filesModule ? { ...setup, filesModule: seams.filesModule } : setup,
      { clock, spawn: seams.spawn ?? spawnWriter },
      journal,
    );
    const recovery = await link.start();
    journal.attach(link, recovery);
    await closeOpenExchanges(journal, recovery.open, clock.nowMs());
    return journal;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Starts the real writer thread. */
export function spawnWriter(setup: WriterSetup): Worker {
  return spawnWorker(import.meta.url, './writer/writer-thread', { workerData: setup, name: 'journal-writer' });
}

async function closeOpenExchanges(journal: Journal, open: readonly OpenExchange[], atMs: number): Promise<void> {
  for (let start = 0; start < open.length; start += abortsPerCommit) {
    const aborts = open.slice(start, start + abortsPerCommit).map((exchange): AbortFact => ({
      type: 'abort',
      requestId: exchange.requestId,
      atMs,
      estimated: true,
      costNanos: estimatedCostNanos(exchange),
      reason: 'crash',
    }));
    await journal.commit(...aborts);
  }
}
