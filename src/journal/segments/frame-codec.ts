import { crc32 } from 'node:zlib';

/** Bytes before the body: magic u16, type u8, version u8, length u32, CRC-32 u32, all little endian. */
export const frameHeaderBytes = 12;
/** A longer body is taken for damage: no writer makes one. */
export const maxBodyBytes = 4 * 1024 * 1024;
/** Version of the bodies written today. */
export const frameVersion = 1;

const magic = 0x5953;
/** The bytes every frame starts with. */
export const frameMagic = Buffer.from('SY', 'latin1');
const checkedFrom = 2;
const lengthAt = 4;
const crcAt = 8;
/** CRC-32 of each byte. */
const crcTable = Int32Array.from({ length: 256 }, (_, byte) => ~crc32(Buffer.of(byte), 0xff_ff_ff_ff));

/** One intact frame; `offset` and `end` are places in its segment. */
export interface Frame {
  readonly type: number;
  readonly version: number;
  readonly offset: number;
  readonly end: number;
  readonly body: Buffer;
}

/** Why bytes are not a frame; `incomplete` may only mean that more bytes are needed. */
export type FrameFlaw = 'incomplete' | 'magic' | 'length' | 'crc';

/** Extent of a frame whose header looks right and whose checksum was not computed. */
export interface FrameExtent {
  readonly type: number;
  readonly version: number;
  /** Index behind the frame in the same buffer. */
  readonly end: number;
}

/**
 * Start value of a segment's checksums. It makes frames of another segment invalid here, so that a recycled block
 * behind the end of a file is never taken for a fact.
 */
export function segmentSeed(gatewayId: string, segment: number): number {
  return crc32(`${gatewayId}/${segment}`);
}

/** Writes all of a frame's header but the checksum, which the writer thread adds when it knows the segment. */
export function writeFrameHeader(buffer: Buffer, at: number, frame: { type: number; bodyBytes: number }): void {
  buffer.writeUInt16LE(magic, at);
  buffer[at + checkedFrom] = frame.type;
  buffer[at + checkedFrom + 1] = frameVersion;
  buffer.writeUInt32LE(frame.bodyBytes, at + lengthAt);
}

/** Completes a frame in place with the checksum of its segment. */
export function stampFrame(buffer: Buffer, at: number, seed: number): void {
  buffer.writeUInt32LE(checksum(buffer, at, seed), at + crcAt);
}

/** A complete frame of its own, for the few that do not pass through the ring. */
export function encodeFrame(type: number, body: unknown, seed: number): Buffer {
  const text = Buffer.from(JSON.stringify(body), 'utf8');
  const buffer = Buffer.allocUnsafe(frameHeaderBytes + text.length);
  writeFrameHeader(buffer, 0, { type, bodyBytes: text.length });
  text.copy(buffer, frameHeaderBytes);
  stampFrame(buffer, 0, seed);
  return buffer;
}

/** Looks at a frame's header only: enough to step over it. */
export function measureFrame(buffer: Buffer, at: number): FrameExtent | FrameFlaw {
  if (buffer.length - at < frameHeaderBytes) return 'incomplete';
  if (buffer.readUInt16LE(at) !== magic) return 'magic';
  const bodyBytes = buffer.readUInt32LE(at + lengthAt);
  // A zero-filled block must never parse: an empty body is as wrong as an oversized one.
  if (bodyBytes < 1 || bodyBytes > maxBodyBytes) return 'length';
  const end = at + frameHeaderBytes + bodyBytes;
  if (end > buffer.length) return 'incomplete';
  return { type: buffer.readUInt8(at + 2), version: buffer.readUInt8(at + 3), end };
}

/** Whether the checksum of a measured frame is right for the segment. */
export function isIntact(buffer: Buffer, at: number, seed: number): boolean {
  return buffer.readUInt32LE(at + crcAt) === checksum(buffer, at, seed);
}

/** Decodes the frame at an index of a buffer that holds bytes of one segment from `base` on. */
export function decodeFrame(buffer: Buffer, at: number, segment: { seed: number; base: number }): Frame | FrameFlaw {
  const extent = measureFrame(buffer, at);
  if (typeof extent === 'string') return extent;
  const body = buffer.subarray(at + frameHeaderBytes, extent.end);
  if (buffer.readUInt32LE(at + crcAt) !== crc32(body, headChecksum(buffer, at, segment.seed))) return 'crc';
  return {
    type: extent.type,
    version: extent.version,
    offset: segment.base + at,
    end: segment.base + extent.end,
    body,
  };
}

function checksum(buffer: Buffer, at: number, seed: number): number {
  const end = at + frameHeaderBytes + buffer.readUInt32LE(at + lengthAt);
  return crc32(buffer.subarray(at + frameHeaderBytes, end), headChecksum(buffer, at, seed));
}

/** The checksum of the few bytes of a header, here: a native call and a view for it cost as much as a body's. */
function headChecksum(buffer: Buffer, at: number, seed: number): number {
  let crc = ~seed;
  for (let index = at + checkedFrom; index < at + crcAt; index += 1) {
    crc = (crc >>> 8) ^ (crcTable[(crc ^ (buffer[index] ?? 0)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}
