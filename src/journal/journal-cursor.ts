import { join } from 'node:path';
import type { JournalPosition } from './contract.ts';
import { type Frame, frameVersion, segmentSeed } from './segments/frame-codec.ts';
import { factTypeOf } from './segments/frame-types.ts';
import type { FactType } from '../domain/facts/facts.ts';
import { JournalError } from './journal-error.ts';
import { listSegments, segmentPath } from './segments/segment-meta.ts';
import { SegmentReader } from './segments/segment-reader.ts';
import { type ScanStop, scanFrames } from './segments/segment-scan.ts';

/** A fact as its frame holds it: intact, but not parsed, so that a reader can set aside what it cannot read. */
export interface RawFact {
  readonly position: JournalPosition;
  readonly type: FactType;
  /** A newer program may have written it in a way this one does not know. */
  readonly isReadable: boolean;
  readonly body: Buffer;
}

/** Some consecutive facts. */
export interface CursorBatch {
  readonly facts: readonly RawFact[];
  /** Where to read on; behind everything in this batch, other frames included. */
  readonly next: JournalPosition;
  /** There was nothing more to read. */
  readonly isAtEnd: boolean;
}

/** How far to read, and how much at a time. */
export interface CursorLimits {
  /** The durable end, from the process that writes. Without it nobody writes: read up to the last good frame. */
  readonly until?: JournalPosition | undefined;
  readonly maxBytes: number;
}

/** Before the first segment. */
export const journalStart: JournalPosition = { segment: 0, offset: 0 };

/** Reads the journal of one gateway piece by piece from any position, also while it is being written. */
export class JournalCursor {
  readonly gatewayId: string;
  readonly #reader: SegmentReader;

  constructor(directory: string, gatewayId: string) {
    this.gatewayId = gatewayId;
    this.#reader = new SegmentReader(join(directory, gatewayId), gatewayId);
  }

  /** The oldest segment that is still there; undefined in an empty folder. */
  async oldest(): Promise<number | undefined> {
    return (await listSegments(this.#reader.folder))[0];
  }

  /** Whether the journal is there from its very first segment on. */
  async reachesBack(): Promise<boolean> {
    const oldest = await this.oldest();
    return oldest === undefined || (await this.#reader.header(oldest)).previous === undefined;
  }

  /** Facts behind a position. Damage is thrown, never skipped; so is a segment that is gone. */
  async read(from: JournalPosition, limits: CursorLimits): Promise<CursorBatch> {
    const present = await this.#present(limits.until);
    let at = from;
    for (;;) {
      const segment = at.segment === 0 ? present[0] : at.segment;
      if (segment === undefined) return { facts: [], next: at, isAtEnd: true };
      if (!present.includes(segment)) return this.#missing(segment, at, limits.until);
      const next = present[present.indexOf(segment) + 1];
      const end = await this.#endOf(segment, next, limits.until);
      if (at.offset < end) {
        const found = await this.#readSegment({ segment, from: at.segment === 0 ? 0 : at.offset, end }, limits);
        if (found.facts.length > 0 || !found.isAtEnd || next === undefined) {
          return { ...found, isAtEnd: found.isAtEnd && next === undefined };
        }
      } else if (next === undefined) return { facts: [], next: { ...at, segment }, isAtEnd: true };
      at = { segment: next, offset: 0 };
    }
  }

  async #present(until: JournalPosition | undefined): Promise<number[]> {
    if (!until) return this.#reader.begun();
    return (await listSegments(this.#reader.folder)).filter((segment) => segment <= until.segment);
  }

  #missing(segment: number, at: JournalPosition, until: JournalPosition | undefined): CursorBatch {
    // The position may be ahead of an end that was told a moment ago.
    if (until && segment > until.segment) return { facts: [], next: at, isAtEnd: true };
    throw new JournalError('damaged', `segment ${segment} of ${this.gatewayId} is gone`);
  }

  async #endOf(segment: number, next: number | undefined, until: JournalPosition | undefined): Promise<number> {
    if (next !== undefined) return this.#reader.endOf(segment, next);
    return until?.segment === segment ? until.offset : Number.POSITIVE_INFINITY;
  }

  async #readSegment(
    slice: { readonly segment: number; readonly from: number; readonly end: number },
    { maxBytes }: CursorLimits,
  ): Promise<CursorBatch> {
    const { segment, from, end } = slice;
    const facts: RawFact[] = [];
    const seed = segmentSeed(this.gatewayId, segment);
    let offset = from;
    let stop: ScanStop | undefined;
    for await (const batch of scanFrames({ path: segmentPath(this.#reader.folder, segment), seed, from, end })) {
      for (const frame of batch.frames) {
        const fact = toRawFact(frame, segment);
        if (fact) facts.push(fact);
        offset = frame.end;
      }
      ({ stop } = batch);
      if (offset - from >= maxBytes) break;
    }
    if (stop && Number.isFinite(end) && stop.offset < end) {
      const why = stop.flaw ?? 'too short';
      throw new JournalError(
        'damaged',
        `segment ${segment} of ${this.gatewayId} is damaged at ${stop.offset} (${why})`,
      );
    }
    return { facts, next: { segment, offset }, isAtEnd: stop !== undefined };
  }
}

function toRawFact({ type, version, offset, body }: Frame, segment: number): RawFact | undefined {
  const name = factTypeOf(type);
  return name && { position: { segment, offset }, type: name, isReadable: version <= frameVersion, body };
}
