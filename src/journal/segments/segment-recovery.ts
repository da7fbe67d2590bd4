import { createHash } from 'node:crypto';
import { open, readFile, rename, stat, unlink } from 'node:fs/promises';
import {
  decodeFrame,
  encodeFrame,
  frameHeaderBytes,
  frameMagic,
  isIntact,
  measureFrame,
  segmentSeed,
} from './frame-codec.ts';
import { isFactFrame, segmentFrame } from './frame-types.ts';
import { JournalError } from '../journal-error.ts';
import type { Progress } from '../writer/shared-ring.ts';
import {
  type OpenExchange,
  parseBody,
  type SegmentFooter,
  type SegmentHeader,
  listSegments,
  segmentPath,
} from './segment-meta.ts';
import { type ScanStop, scanFrames } from './segment-scan.ts';
import { createSegmentTally, type SegmentTally } from './segment-tally.ts';

/** Header and carried exchanges stay well below this. */
const longestPreambleBytes = 32 * 1024 * 1024;

/** What a scan of a whole segment found. */
export interface SegmentSurvey {
  readonly segment: number;
  /** Absent when the first frame is not this segment's header. */
  readonly header?: SegmentHeader;
  readonly footer?: SegmentFooter;
  /** End of the facts: where a footer starts or belongs. */
  readonly end: number;
  readonly sizeBytes: number;
  readonly frames: number;
  readonly stop: ScanStop;
  readonly tally: SegmentTally;
  /** SHA-256 of everything before `end`. */
  readonly sha256: string;
}

/** What was found and mended when a journal was opened. */
export interface RecoveryReport {
  readonly segments: readonly number[];
  /** First number for a new segment. */
  readonly nextSegment: number;
  readonly previous?: NonNullable<SegmentHeader['previous']>;
  readonly maxAtMs: number;
  readonly open: readonly OpenExchange[];
  readonly removedBytes: number;
  readonly removedSegments: readonly number[];
}

/** Reads a segment from its first to its last good frame, adding up what its footer should say. */
export async function surveySegment(
  place: { folder: string; gatewayId: string; segment: number },
  end = Number.POSITIVE_INFINITY,
): Promise<SegmentSurvey> {
  const path = segmentPath(place.folder, place.segment);
  const seed = segmentSeed(place.gatewayId, place.segment);
  const digest = createHash('sha256');
  const sizeBytes = (await stat(path)).size;
  let header: SegmentHeader | undefined;
  let footer: SegmentFooter | undefined;
  let tally = createSegmentTally(0);
  let frames = 0;
  let factsEnd = 0;
  let stop: ScanStop = { offset: 0, flaw: 'incomplete' };
  for await (const batch of scanFrames({ path, seed, from: 0, end })) {
    const first = batch.frames[0]?.offset ?? factsEnd;
    for (const frame of batch.frames) {
      frames += 1;
      if (frame.type === segmentFrame.footer) {
        footer = parseBody<SegmentFooter>(frame.body);
        // Nothing behind a footer counts, however intact it looks.
        stop = frame.end < sizeBytes ? { offset: frame.end, flaw: 'magic' } : { offset: frame.end };
        break;
      }
      if (frame.type === segmentFrame.header && frame.offset === 0) {
        header = parseBody<SegmentHeader>(frame.body);
        tally = createSegmentTally(header.maxAtMs);
      } else tally.add(frame.type, frame.body, frame.offset);
      factsEnd = frame.end;
    }
    digest.update(batch.bytes.subarray(0, factsEnd - first));
    if (footer) break;
    if (batch.stop) ({ stop } = batch);
  }
  return {
    segment: place.segment,
    ...(header && { header }),
    ...(footer && { footer }),
    end: factsEnd,
    sizeBytes,
    frames,
    stop,
    tally,
    sha256: digest.digest('hex'),
  };
}

/**
 * Mends the newest segment: cuts what no good frame holds, and seals it. `durable` is given when only the writer died:
 * what lies behind it was never acknowledged, is still in memory and is cut so that it is written once.
 */
export async function recoverSegments(folder: string, gatewayId: string, durable?: Progress): Promise<RecoveryReport> {
  const removedSegments: number[] = [];
  const present = await listSegments(folder);
  let nextSegment = (present.at(-1) ?? 0) + 1;
  for (const segment of present.toReversed()) {
    const resumed = durable !== undefined && durable.segment > 0;
    if (resumed && segment > durable.segment) {
      await unlink(segmentPath(folder, segment));
      removedSegments.push(segment);
      continue;
    }
    const survey = await surveySegment({ folder, gatewayId, segment }, resumed ? durable.offset : undefined);
    if (await setAsideTorn(survey, folder, segmentSeed(gatewayId, segment))) {
      removedSegments.push(segment);
      continue;
    }
    checkSurvey(survey, resumed ? durable.offset : 0);
    const removedBytes = await sealSurvey(folder, gatewayId, survey);
    return {
      segments: present.filter((number) => number <= segment),
      nextSegment,
      previous: { segment, end: survey.end },
      maxAtMs: survey.tally.maxAtMs(),
      open: survey.tally.open(),
      removedBytes,
      removedSegments,
    };
  }
  nextSegment = Math.max(nextSegment, 1);
  return { segments: [], nextSegment, maxAtMs: 0, open: [], removedBytes: 0, removedSegments };
}

/**
 * A file whose creation was cut short holds no fact and was never acknowledged; it is set aside, not deleted.
 * One that holds facts behind a broken header, or that belongs to another gateway, stops the journal.
 */
async function setAsideTorn(survey: SegmentSurvey, folder: string, seed: number): Promise<boolean> {
  if (survey.header !== undefined || survey.sizeBytes > longestPreambleBytes) return false;
  const path = segmentPath(folder, survey.segment);
  const bytes = await readFile(path);
  const extent = measureFrame(bytes, 0);
  const foreign = typeof extent !== 'string' && !isIntact(bytes, 0, seed) && belongsElsewhere(bytes, extent.end);
  if (foreign || holdsFacts(bytes, seed)) return false;
  await rename(path, `${path}.torn`);
  return true;
}

function belongsElsewhere(bytes: Buffer, end: number): boolean {
  try {
    const header = parseBody<SegmentHeader>(bytes.subarray(frameHeaderBytes, end));
    return isIntact(bytes, 0, segmentSeed(header.gatewayId, header.segment));
  } catch {
    return false; // Not even a header of another journal.
  }
}

/** Whether any good frame of a fact lies in the bytes of a segment, however its header looks. */
export function holdsFacts(bytes: Buffer, seed: number): boolean {
  for (let at = bytes.indexOf(frameMagic); at >= 0; at = bytes.indexOf(frameMagic, at + 1)) {
    const frame = decodeFrame(bytes, at, { seed, base: 0 });
    if (typeof frame !== 'string' && isFactFrame(frame.type)) return true;
  }
  return false;
}

function checkSurvey(survey: SegmentSurvey, acknowledgedEnd: number): void {
  const where = `segment ${survey.segment}`;
  if (survey.header === undefined) throw new JournalError('damaged', `${where} has no readable header`);
  if (survey.end < acknowledgedEnd) {
    throw new JournalError('damaged', `${where} is damaged at ${survey.stop.offset}, before its acknowledged end`);
  }
}

async function sealSurvey(folder: string, gatewayId: string, survey: SegmentSurvey): Promise<number> {
  if (survey.footer && survey.stop.flaw === undefined) return 0;
  const file = await open(segmentPath(folder, survey.segment), 'r+');
  try {
    const footer = encodeFrame(
      segmentFrame.footer,
      survey.tally.footer(survey.sha256),
      segmentSeed(gatewayId, survey.segment),
    );
    await file.truncate(survey.end);
    await file.sync();
    await file.write(footer, 0, footer.length, survey.end);
    await file.sync();
    return Math.max(0, survey.sizeBytes - survey.end);
  } finally {
    await file.close();
  }
}
