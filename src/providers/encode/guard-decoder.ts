import type { Host } from '../../domain/calls/endpoint.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { Frame, StreamDecoder, StreamPosition } from '../../protocols/index.ts';
import { scrubFault } from '../classify/scrub-secrets.ts';
import { secretsOf } from '../sign/secrets-of.ts';

/** Keeps a host's credentials out of the faults that its stream reports. Costs nothing while there are none. */
export function guardDecoder(decoder: StreamDecoder, host: Host): StreamDecoder {
  return new GuardedDecoder(decoder, host);
}

class GuardedDecoder implements StreamDecoder {
  readonly #decoder: StreamDecoder;
  readonly #host: Host;

  constructor(decoder: StreamDecoder, host: Host) {
    this.#decoder = decoder;
    this.#host = host;
  }

  get position(): StreamPosition {
    return this.#decoder.position;
  }

  push(chunk: Buffer): readonly Frame[] {
    return this.#guard(this.#decoder.push(chunk));
  }

  end(): readonly Frame[] {
    return this.#guard(this.#decoder.end());
  }

  #guard(frames: readonly Frame[]): readonly Frame[] {
    if (!frames.some(hasError)) return frames;
    return frames.map((frame) => (hasError(frame) ? scrubbed(frame, secretsOf(this.#host)) : frame));
  }
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
