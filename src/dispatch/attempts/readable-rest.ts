import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { Frame } from '../../protocols/contract.ts';

/** An event that is none. */
export function isMalformed(part: StreamPart): boolean {
  return part.type === 'error' && part.fault.code === 'upstream_malformed';
}

/**
 * What an upstream left unterminated when it closed. After its finish reason that is the last event, unless it is only
 * a part of one; before, it is a fragment that would spoil the error told next: only an error in it counts.
 */
export function readableRest(frames: readonly Frame[], isFinished: boolean): readonly Frame[] {
  if (isFinished) return frames.filter(({ parts }) => !parts.some(isMalformed));
  return frames.flatMap((frame) => {
    const parts = frame.parts.filter((part) => part.type === 'error' && !isMalformed(part));
    return parts.length > 0 ? [{ ...frame, parts }] : [];
  });
}
