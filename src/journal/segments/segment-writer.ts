import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../journal-error.ts';
import { frameHeaderBytes, stampFrame } from './frame-codec.ts';
import { OpenSegment, type RingFrame, type SegmentHandOver } from './open-segment.ts';
import type { SegmentFiles } from './segment-files.ts';
import type { RecoveryReport } from './segment-recovery.ts';
import type { RingConsumer } from '../writer/shared-ring.ts';
import type { WriterMessage, WriterSetup } from '../writer/writer-protocol.ts';

/** One commit takes at most about this much, so that a full ring does not make the first waiter wait for all of it. */
const commitBytes = 1024 * 1024;

/** What the writer needs of the outside. */
export interface SegmentWriterPorts {
  readonly files: SegmentFiles;
  readonly clock: Clock;
  readonly ring: RingConsumer;
  readonly post: (message: WriterMessage) => void;
}

/** Moves frames from the ring into segments; a disk failure costs a segment, never a frame. */
export class SegmentWriter {
  readonly #setup: WriterSetup;
  readonly #ports: SegmentWriterPorts;
  /** Ring index and count of what was handed to the system. */
  #cursor: number;
  #consumed: number;
  #unsynced: RingFrame[] = [];
  #segment: OpenSegment | undefined;
  #nextSegment: number;
  #handOver: SegmentHandOver;
  #openedMs = 0;
  #postedMark = 0;
  #writtenBytes = 0;
  #stuck: string | undefined;
  #degraded: string | undefined;

  /** Opens the first segment of this writer behind what recovery found. */
  constructor(setup: WriterSetup, recovery: RecoveryReport, ports: SegmentWriterPorts) {
    this.#setup = setup;
    this.#ports = ports;
    this.#nextSegment = recovery.nextSegment;
    this.#handOver = recovery;
    const durable = ports.ring.progress();
    this.#cursor = durable.tail;
    this.#consumed = durable.frames;
    ports.ring.release(durable.tail);
    this.#openNext();
  }

  /** Frames in the ring that were not handed to the system yet. */
  pendingFrames(): number {
    return (this.#ports.ring.published() - this.#consumed) | 0;
  }

  /** Frames taken off the ring since the journal was opened, modulo 2^32. */
  takenFrames(): number {
    return this.#consumed;
  }

  /** Frames handed to the system that no sync has covered. */
  unsyncedFrames(): number {
    return this.#unsynced.length;
  }

  /** Why no segment is open: the disk refused to make one. */
  stuck(): string | undefined {
    return this.#stuck;
  }

  /** What damaged a segment since the start. */
  degraded(): string | undefined {
    return this.#degraded;
  }

  /** Bytes made durable since the last call, for the measured rate. */
  takeWrittenBytes(): number {
    const taken = this.#writtenBytes;
    this.#writtenBytes = 0;
    return taken;
  }

  /** Hands pending frames to the system, up to one commit's worth. */
  write(): void {
    const segment = this.#ready();
    if (!segment) return;
    const { frames, parts } = this.#take(segment.seed);
    if (this.#attempt(segment, () => segment.write(parts))) this.#unsynced.push(...frames);
  }

  /** Makes written frames durable and acknowledges them. */
  sync(): void {
    const segment = this.#segment;
    if (!segment || this.#unsynced.length === 0) return;
    if (!this.#attempt(segment, () => segment.sync())) return;
    const before = segment.durableEnd();
    segment.settle(this.#unsynced);
    this.#writtenBytes += segment.durableEnd() - before;
    this.#publish(segment);
    segment.count(this.#unsynced);
    this.#unsynced = [];
    // Counting read the frames in the ring; only now may they be overwritten.
    this.#ports.ring.release(this.#cursor);
    this.#postMark(segment);
  }

  /** Seals a segment that is long or old enough and opens the next one. */
  rollIfDue(): void {
    const segment = this.#segment;
    if (!segment || segment.rows() === 0 || this.#unsynced.length > 0) return;
    const { segmentBytes, segmentAgeMs } = this.#setup.limits;
    const ageMs = this.#ports.clock.monotonicMs() - this.#openedMs;
    if (segment.durableEnd() < segmentBytes && ageMs < segmentAgeMs) return;
    if (this.#attempt(segment, () => segment.seal())) {
      this.#handOver = segment.handOver();
      this.#segment = undefined;
    }
    this.#ready();
  }

  /** Ends the open segment with its footer. */
  seal(): void {
    this.#segment?.seal();
    this.#segment = undefined;
  }

  #ready(): OpenSegment | undefined {
    if (this.#segment) return this.#segment;
    try {
      this.#openNext();
    } catch (error) {
      this.#stuck = describeError(error);
    }
    return this.#segment;
  }

  #openNext(): void {
    const { files, clock, post } = this.#ports;
    const { folder, gatewayId } = this.#setup;
    // Never the same number twice: a failed attempt may have left a file behind.
    const number = this.#nextSegment;
    this.#nextSegment += 1;
    const { previous, maxAtMs, open } = this.#handOver;
    const start = { gatewayId, segment: number, createdMs: clock.nowMs(), maxAtMs, open };
    this.#segment = new OpenSegment(files, folder, previous ? { ...start, previous } : start);
    this.#openedMs = clock.monotonicMs();
    this.#stuck = undefined;
    this.#postedMark = 0;
    this.#publish(this.#segment);
    post({ kind: 'rolled', segment: number });
  }

  #publish(segment: OpenSegment): void {
    const { ring, post } = this.#ports;
    ring.publish({
      frames: this.#consumed,
      tail: this.#cursor,
      segment: segment.segment,
      offset: segment.durableEnd(),
    });
    if (ring.acksWanted()) post(null);
  }

  #postMark(segment: OpenSegment): void {
    const mark = segment.lastMark();
    if (!mark || mark[0] === this.#postedMark) return;
    [this.#postedMark] = mark;
    this.#ports.post({ kind: 'mark', segment: segment.segment, mark });
  }

  #attempt(segment: OpenSegment, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#leaveDamaged(segment, describeError(error));
      return false;
    }
  }

  /**
   * After a failed write or sync the kernel may have dropped the dirty pages and would report success the next time:
   * nothing behind the last good sync counts, and those frames are written again into a new segment.
   */
  #leaveDamaged(segment: OpenSegment, error: string): void {
    this.#degraded = `segment ${segment.segment}: ${error}`;
    this.#handOver = segment.handOver(error);
    segment.abandon();
    this.#segment = undefined;
    const durable = this.#ports.ring.progress();
    this.#cursor = durable.tail;
    this.#consumed = durable.frames;
    this.#unsynced = [];
    this.#ports.post({ kind: 'damaged', segment: segment.segment, error });
  }

  /** Takes frames off the ring, stamped for a segment; `parts` are the same bytes in as few pieces as possible. */
  #take(seed: number): { frames: RingFrame[]; parts: Buffer[] } {
    const { ring } = this.#ports;
    const { data } = ring;
    const frames: RingFrame[] = [];
    const parts: Buffer[] = [];
    let takenBytes = 0;
    let partStart = this.#cursor;
    for (let left = this.pendingFrames(); left > 0 && takenBytes < commitBytes; left -= 1) {
      const { start, end } = ring.frameAt(this.#cursor);
      if (start !== this.#cursor) {
        if (this.#cursor > partStart) parts.push(data.subarray(partStart, this.#cursor));
        partStart = start;
      }
      stampFrame(data, start, seed);
      const bytes = data.subarray(start, end);
      frames.push({ type: bytes.readUInt8(2), body: bytes.subarray(frameHeaderBytes), bytes });
      takenBytes += end - start;
      this.#cursor = end;
      this.#consumed = (this.#consumed + 1) | 0;
    }
    if (this.#cursor > partStart) parts.push(data.subarray(partStart, this.#cursor));
    return { frames, parts };
  }
}
