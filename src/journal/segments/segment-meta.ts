import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalPosition } from '../contract.ts';
import { decodeFrame, frameHeaderBytes } from './frame-codec.ts';
import { segmentFrame } from './frame-types.ts';

const namePattern = /^facts-(\d{10})\.log$/;
const format = 1;

/** First frame of a segment. */
export interface SegmentHeader {
  readonly format: number;
  readonly gatewayId: string;
  readonly segment: number;
  readonly createdMs: number;
  /** Where the frames of the segment before end: the only word on it when a disk error left it without a footer. */
  readonly previous?: { readonly segment: number; readonly end: number; readonly damaged?: string };
  /** Latest fact time in all earlier segments; it never falls, which makes segments searchable by time. */
  readonly maxAtMs: number;
}

/** A place in a segment and the latest fact time before it; `find` starts reading there. */
export type SegmentMark = readonly [offset: number, maxAtMs: number];

/** Last frame of a sealed segment: what an auditor compares with the frames. */
export interface SegmentFooter {
  readonly rows: number;
  /** Sum over `final` and `abort` facts. */
  readonly costNanos: string;
  readonly chargeNanos: string;
  readonly minAtMs?: number;
  readonly maxAtMs?: number;
  readonly marks: readonly SegmentMark[];
  /** SHA-256 of all bytes before the footer. */
  readonly sha256: string;
}

/** An exchange without final, carried from segment to segment so that recovery reads only the newest one. */
export interface OpenExchange {
  readonly requestId: string;
  readonly heldNanos?: string;
  /** Sum of its recorded attempts once one of them succeeded. */
  readonly spentNanos?: string;
}

/** Second frame of a segment, present when exchanges were open at its start. */
export interface SegmentCarry {
  readonly open: readonly OpenExchange[];
}

/** Makes a header of the current format. */
export function segmentHeader(fields: Omit<SegmentHeader, 'format'>): SegmentHeader {
  return { format, ...fields };
}

/** Path of a segment file in a gateway's journal folder. */
export function segmentPath(folder: string, segment: number): string {
  return join(folder, `facts-${String(segment).padStart(10, '0')}.log`);
}

/** Number of the segment that a file name stands for; undefined when it is no segment's. */
export function segmentOfName(name: string): number | undefined {
  const digits = namePattern.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Segment numbers present in a folder, oldest first. */
export async function listSegments(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .map(segmentOfName)
    .filter((segment) => segment !== undefined)
    .toSorted((one, other) => one - other);
}

/** Parses the header at the start of a segment's bytes; undefined when it is torn or belongs to another segment. */
export function parseHeader(bytes: Buffer, seed: number): { header: SegmentHeader; end: number } | undefined {
  const frame = decodeFrame(bytes, 0, { seed, base: 0 });
  if (typeof frame === 'string' || frame.type !== segmentFrame.header) return undefined;
  return { header: parseBody<SegmentHeader>(frame.body), end: frame.end };
}

/** Parses a frame's body; only for frames whose checksum was checked. */
export function parseBody<Body>(body: Buffer): Body {
  const value: Body = JSON.parse(body.toString('utf8'));
  return value;
}

/** Orders two positions: negative when the first comes first. */
export function comparePositions(one: JournalPosition, other: JournalPosition): number {
  return one.segment - other.segment || one.offset - other.offset;
}

/** Bytes that surely hold a whole header. */
export const headerReadBytes = 4096 - frameHeaderBytes;
