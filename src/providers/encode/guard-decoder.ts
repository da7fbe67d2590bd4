import type { Host } from '../../domain/endpoint.ts';
import type { StreamPart } from '../../domain/stream-part.ts';
import type { Frame, StreamDecoder } from '../../protocols/index.ts';
import { scrubFault } from '../classify/scrub-secrets.ts';
import { secretsOf } from '../sign/secrets-of.ts';

/** Keeps a host's credentials out of the faults that its stream reports. Costs nothing while there are none. */
export function guardDecoder(decoder: StreamDecoder, host: Host): StreamDecoder {
  const guard = (frames: readonly Frame[]): readonly Frame[] =>
    frames.some(hasError)
      ? frames.map((frame) => (hasError(frame) ? scrubbed(frame, secretsOf(host)) : frame))
      : frames;
  return {
    push: (chunk) => guard(decoder.push(chunk)),
    end: () => guard(decoder.end()),
    get position() {
      return decoder.position;
    },
  };
}

function hasError(frame: Frame): boolean {
  return frame.parts.some((part) => part.type === 'error');
}

function scrubbed(frame: Frame, secrets: readonly string[]): Frame {
  const parts = frame.parts.map((part): StreamPart => {
    return part.type === 'error' ? { type: 'error', fault: scrubFault(part.fault, secrets) } : part;
  });
  return { ...frame, parts };
}
