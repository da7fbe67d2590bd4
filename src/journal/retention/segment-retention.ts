import { statSync } from 'node:fs';
import type { Clock } from '../../platform/clock.ts';
import { expiredSegments, type StoredSegment } from './retention.ts';
import type { SegmentFiles } from '../segments/segment-files.ts';
import { segmentPath } from '../segments/segment-meta.ts';
import type { WriterMessage, WriterSetup } from '../writer/writer-protocol.ts';

const everyMs = 60_000;

/** What retention works with. */
export interface RetentionPorts {
  readonly files: SegmentFiles;
  readonly clock: Clock;
  readonly post: (message: WriterMessage) => void;
  /** First segment that some projection still has to read. */
  readonly keepFrom: () => number;
}

/** Deletes sealed segments over the limits of age and space, telling each deletion. */
export class SegmentRetention {
  readonly #setup: Pick<WriterSetup, 'folder' | 'limits'>;
  readonly #ports: RetentionPorts;
  #sealed: StoredSegment[] = [];
  #open: number | undefined;
  #lastRunMs = Number.NEGATIVE_INFINITY;

  constructor(setup: Pick<WriterSetup, 'folder' | 'limits'>, ports: RetentionPorts) {
    this.#setup = setup;
    this.#ports = ports;
  }

  /** A new segment was opened; the one before it will not change any more. */
  opened(segment: number): void {
    if (this.#open !== undefined) this.add(this.#open);
    this.#open = segment;
    this.#lastRunMs = Number.NEGATIVE_INFINITY;
  }

  /** Puts a segment that will not change any more under retention. */
  add(segment: number): void {
    const found = statSync(segmentPath(this.#setup.folder, segment), { throwIfNoEntry: false });
    if (found) this.#sealed.push({ segment, sizeBytes: found.size, modifiedMs: found.mtimeMs });
  }

  /** Deletes what is over a limit; looks after each roll and once a minute. */
  run(): void {
    const { files, clock, post, keepFrom } = this.#ports;
    const { folder, limits } = this.#setup;
    if (clock.monotonicMs() - this.#lastRunMs < everyMs) return;
    this.#lastRunMs = clock.monotonicMs();
    const maxTotalBytes = limits.retentionShare * files.space(folder).totalBytes;
    const expired = expiredSegments(this.#sealed, {
      nowMs: clock.nowMs(),
      retentionMs: limits.retentionMs,
      maxTotalBytes,
      keepFrom: keepFrom(),
    });
    for (const { segment, sizeBytes, why } of expired) {
      files.remove(segmentPath(folder, segment));
      this.#sealed = this.#sealed.filter((stored) => stored.segment !== segment);
      post({ kind: 'deleted', segment, sizeBytes, why });
    }
    if (expired.length > 0) files.syncDirectory(folder);
  }
}
