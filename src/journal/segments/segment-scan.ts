import { type FileHandle, open } from 'node:fs/promises';
import { decodeFrame, type Frame, type FrameFlaw, maxBodyBytes, measureFrame } from './frame-codec.ts';

const chunkBytes = 256 * 1024;
const longestFrameBytes = maxBodyBytes + 4096;

/** Where and why a scan ended; `flaw` is absent at a clean end. */
export interface ScanStop {
  readonly offset: number;
  readonly flaw?: FrameFlaw;
}

/** Frames of one chunk, and on the last one how the scan ended. Each chunk has its own memory, so bodies stay valid. */
export interface FrameBatch {
  readonly frames: readonly Frame[];
  /** The chunk's bytes of these frames, in order, for digests. */
  readonly bytes: Buffer;
  readonly stop?: ScanStop;
}

/** What to scan. */
export interface ScanRange {
  readonly path: string;
  readonly seed: number;
  readonly from: number;
  /** Nothing behind this offset is looked at. */
  readonly end: number;
  /** Only frames containing these bytes are checked and yielded; the others are stepped over by their length. */
  readonly needle?: Buffer;
}

/** Reads frames of a segment in chunks, so that a caller on the main thread never blocks for long. */
export async function* scanFrames(range: ScanRange): AsyncGenerator<FrameBatch> {
  const file = await open(range.path, 'r');
  try {
    const end = Math.min(range.end, (await file.stat()).size);
    let base = range.from;
    let wanted = chunkBytes;
    for (;;) {
      const chunk = await readAt(file, base, Math.min(wanted, end - base));
      const atEnd = base + chunk.length >= end || chunk.length === 0;
      const parsed = parseChunk(chunk, base, range);
      const stop = stopOf(parsed, { base, end, atEnd, tooLong: chunk.length >= longestFrameBytes });
      const bytes = chunk.subarray(0, parsed.consumed);
      yield stop ? { frames: parsed.frames, bytes, stop } : { frames: parsed.frames, bytes };
      if (stop) return;
      // A frame longer than the chunk: read on from its start with more room.
      wanted = parsed.consumed === 0 ? wanted * 4 : chunkBytes;
      base += parsed.consumed;
    }
  } finally {
    await file.close();
  }
}

interface ParsedChunk {
  readonly frames: readonly Frame[];
  readonly consumed: number;
  readonly flaw?: FrameFlaw;
}

function parseChunk(chunk: Buffer, base: number, range: ScanRange): ParsedChunk {
  const { needle, seed } = range;
  const frames: Frame[] = [];
  let at = 0;
  let hit = needle ? chunk.indexOf(needle) : 0;
  while (at < chunk.length) {
    const extent = measureFrame(chunk, at);
    if (typeof extent === 'string') return { frames, consumed: at, flaw: extent };
    if (needle && hit >= 0 && hit < at) hit = chunk.indexOf(needle, at);
    if (!needle || (hit >= 0 && hit < extent.end)) {
      const frame = decodeFrame(chunk, at, { seed, base });
      if (typeof frame === 'string') return { frames, consumed: at, flaw: frame };
      frames.push(frame);
    }
    at = extent.end;
  }
  return { frames, consumed: at };
}

function stopOf(
  parsed: ParsedChunk,
  place: { base: number; end: number; atEnd: boolean; tooLong: boolean },
): ScanStop | undefined {
  const offset = place.base + parsed.consumed;
  if (parsed.flaw === undefined) return place.atEnd ? { offset } : undefined;
  if (parsed.flaw === 'incomplete' && !place.atEnd && !place.tooLong) return undefined;
  return { offset, flaw: parsed.flaw };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.max(length, 0));
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
