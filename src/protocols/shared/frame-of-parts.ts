import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { Frame } from '../contract.ts';

const noBytes = Buffer.alloc(0);

/** A frame of parts that no bytes of the upstream stand for: what its end, or a defect of its stream, means. */
export function frameOfParts(parts: readonly StreamPart[]): Frame {
  return { bytes: noBytes, parts, terminal: false, usageOnly: false };
}
