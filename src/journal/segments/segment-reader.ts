import { open, readFile } from 'node:fs/promises';
import type { Fact } from '../../domain/facts/facts.ts';
import type { JournalPosition } from '../contract.ts';
import { segmentSeed } from './frame-codec.ts';
import { isFactFrame, segmentFrame } from './frame-types.ts';
import { JournalError } from '../journal-error.ts';
import {
  headerReadBytes,
  listSegments,
  parseBody,
  parseHeader,
  type SegmentFooter,
  type SegmentHeader,
  segmentPath,
} from './segment-meta.ts';
import { holdsFacts } from './segment-recovery.ts';
import { scanFrames } from './segment-scan.ts';

/** A fact and its place. */
export interface PlacedFact {
  readonly position: JournalPosition;
  readonly fact: Fact;
}

/** A part of one segment. */
export interface SegmentSlice {
  readonly segment: number;
  readonly from: number;
  /** Infinite for the newest segment of a journal nobody writes: it ends where its frames end. */
  readonly end: number;
}

/** Reads segments of one gateway; damage is thrown, never skipped. */
export class SegmentReader {
  readonly folder: string;
  readonly gatewayId: string;

  constructor(folder: string, gatewayId: string) {
    this.folder = folder;
    this.gatewayId = gatewayId;
  }

  /** Segments of the folder, oldest first. One that is being created has no header yet: it belongs to the next read. */
  async begun(): Promise<number[]> {
    const all = await listSegments(this.folder);
    const last = all.at(-1);
    if (last === undefined || (await this.#isBegun(last))) return all;
    return all.slice(0, -1);
  }

  async #isBegun(segment: number): Promise<boolean> {
    const hasHeader = await this.header(segment).then(
      () => true,
      () => false,
    );
    if (hasHeader) return true;
    // What holds facts behind a broken header is damage, which is not passed over.
    const bytes = await readFile(segmentPath(this.folder, segment)).catch(() => Buffer.alloc(0));
    return holdsFacts(bytes, segmentSeed(this.gatewayId, segment));
  }

  /** The header of a segment; throws when it is not there or not this segment's. */
  async header(segment: number): Promise<SegmentHeader> {
    const bytes = await readBytes(segmentPath(this.folder, segment), 0, headerReadBytes);
    const parsed = parseHeader(bytes, segmentSeed(this.gatewayId, segment));
    if (!parsed) throw new JournalError('damaged', `segment ${segment} has no readable header`);
    return parsed.header;
  }

  /** Where the facts of a segment end, told by the segment that follows it. */
  async endOf(segment: number, next: number): Promise<number> {
    const { previous } = await this.header(next);
    if (previous?.segment !== segment) {
      throw new JournalError('damaged', `segment ${next} follows ${previous?.segment ?? 'nothing'}, not ${segment}`);
    }
    return previous.end;
  }

  /** The footer at the end of a sealed segment; undefined when a disk error or a crash left none. */
  async footer(segment: number, end: number): Promise<SegmentFooter | undefined> {
    const path = segmentPath(this.folder, segment);
    const seed = segmentSeed(this.gatewayId, segment);
    for await (const { frames } of scanFrames({ path, seed, from: end, end: Number.POSITIVE_INFINITY })) {
      const [first] = frames;
      return first?.type === segmentFrame.footer ? parseBody<SegmentFooter>(first.body) : undefined;
    }
    return undefined;
  }

  /** Facts of a slice in batches; with a needle only those whose frames contain it. */
  async *facts(slice: SegmentSlice, needle?: Buffer): AsyncGenerator<readonly PlacedFact[]> {
    const { segment, from, end } = slice;
    const range = { path: segmentPath(this.folder, segment), seed: segmentSeed(this.gatewayId, segment), from, end };
    for await (const { frames, stop } of scanFrames(needle ? { ...range, needle } : range)) {
      const facts: PlacedFact[] = [];
      for (const { type, offset, body } of frames) {
        if (isFactFrame(type)) facts.push({ position: { segment, offset }, fact: parseBody<Fact>(body) });
      }
      yield facts;
      if (stop && Number.isFinite(end) && stop.offset < end) {
        throw new JournalError(
          'damaged',
          `segment ${segment} is damaged at ${stop.offset} (${stop.flaw ?? 'too short'})`,
        );
      }
    }
  }

  /** Every fact of consecutive segments, from a position to an end that is known for the last one only. */
  async *read(
    segments: readonly number[],
    from: JournalPosition | undefined,
    until: number,
  ): AsyncGenerator<PlacedFact> {
    const first = from?.segment ?? segments[0] ?? 0;
    if (from && !segments.includes(first)) throw new JournalError('damaged', `segment ${first} is gone`);
    const wanted = segments.filter((segment) => segment >= first);
    for (const [index, segment] of wanted.entries()) {
      const next = wanted[index + 1];
      const end = next === undefined ? until : await this.endOf(segment, next);
      const start = segment === from?.segment ? from.offset : 0;
      for await (const batch of this.facts({ segment, from: start, end })) yield* batch;
    }
  }
}

async function readBytes(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
