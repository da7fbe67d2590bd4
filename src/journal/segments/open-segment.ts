import { createHash } from 'node:crypto';
import { encodeFrame, segmentSeed } from './frame-codec.ts';
import { segmentFrame } from './frame-types.ts';
import type { SegmentFiles } from './segment-files.ts';
import { type OpenExchange, type SegmentHeader, type SegmentMark, segmentHeader, segmentPath } from './segment-meta.ts';
import { createSegmentTally, type SegmentTally } from './segment-tally.ts';

/** What a segment leaves to the next one. */
export interface SegmentHandOver {
  readonly previous?: NonNullable<SegmentHeader['previous']>;
  readonly maxAtMs: number;
  readonly open: readonly OpenExchange[];
}

/** What a new segment begins with. */
export interface SegmentStart extends SegmentHandOver {
  readonly gatewayId: string;
  readonly segment: number;
  readonly createdMs: number;
}

/** A frame in the ring: its place there is enough to write and to count it. */
export interface RingFrame {
  readonly type: number;
  readonly body: Buffer;
  readonly bytes: Buffer;
}

/** The segment being written. Every call may throw what the disk threw; the segment is then damaged. */
export class OpenSegment {
  readonly segment: number;
  readonly seed: number;
  readonly #files: SegmentFiles;
  readonly #descriptor: number;
  readonly #tally: SegmentTally;
  readonly #digest = createHash('sha256');
  #durableEnd = 0;
  #countedEnd = 0;

  /** Creates the file; afterwards header and directory entry are on the disk, so frames in it may be acknowledged. */
  constructor(files: SegmentFiles, folder: string, start: SegmentStart) {
    const { open, ...header } = start;
    this.segment = start.segment;
    this.seed = segmentSeed(start.gatewayId, start.segment);
    this.#files = files;
    this.#tally = createSegmentTally(start.maxAtMs);
    const path = segmentPath(folder, start.segment);
    const preamble = [encodeFrame(segmentFrame.header, segmentHeader(header), this.seed)];
    if (open.length > 0) preamble.push(encodeFrame(segmentFrame.carry, { open }, this.seed));
    this.#descriptor = files.create(path);
    try {
      files.write(this.#descriptor, preamble);
      files.sync(this.#descriptor);
      files.syncDirectory(folder);
    } catch (error) {
      this.#discard(path);
      throw error;
    }
    for (const bytes of preamble) {
      this.#digest.update(bytes);
      this.#durableEnd += bytes.length;
    }
    this.#countedEnd = this.#durableEnd;
    for (const exchange of open) this.#tally.carry(exchange);
  }

  /** End of what is known to be on the disk. */
  durableEnd(): number {
    return this.#durableEnd;
  }

  /** Facts known to be on the disk. */
  rows(): number {
    return this.#tally.rows();
  }

  /** The last place from which a search by time may start. */
  lastMark(): SegmentMark | undefined {
    return this.#tally.lastMark();
  }

  /** Hands bytes to the system; nothing counts until `settle`. */
  write(parts: readonly Buffer[]): void {
    this.#files.write(this.#descriptor, parts);
  }

  /** Waits for the disk. */
  sync(): void {
    this.#files.sync(this.#descriptor);
  }

  /** Takes frames for durable that a sync has covered; they may be acknowledged from now on. */
  settle(frames: readonly RingFrame[]): void {
    for (const { bytes } of frames) this.#durableEnd += bytes.length;
  }

  /** Adds settled frames to the footer's sums: apart from `settle`, so that nobody waits for it. */
  count(frames: readonly RingFrame[]): void {
    for (const { type, body, bytes } of frames) {
      this.#tally.add(type, body, this.#countedEnd);
      this.#digest.update(bytes);
      this.#countedEnd += bytes.length;
    }
  }

  /** What the next segment begins with; `damaged` says why this one has no footer. */
  handOver(damaged?: string): SegmentHandOver {
    const previous = { segment: this.segment, end: this.#durableEnd };
    return {
      previous: damaged === undefined ? previous : { ...previous, damaged },
      maxAtMs: this.#tally.maxAtMs(),
      open: this.#tally.open(),
    };
  }

  /** Writes the footer; the file never changes afterwards. */
  seal(): void {
    const footer = this.#tally.footer(this.#digest.copy().digest('hex'));
    this.#files.write(this.#descriptor, [encodeFrame(segmentFrame.footer, footer, this.seed)]);
    this.#files.sync(this.#descriptor);
    this.#files.close(this.#descriptor);
  }

  /** Closes a damaged segment without another word to its descriptor. */
  abandon(): void {
    try {
      this.#files.close(this.#descriptor);
    } catch {
      // The disk has already told its failure, and the descriptor is gone either way.
    }
  }

  #discard(path: string): void {
    this.abandon();
    try {
      this.#files.remove(path);
    } catch {
      // Without an acknowledged frame the file is nothing; recovery sets it aside.
    }
  }
}
