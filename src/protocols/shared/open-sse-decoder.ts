import { frameOfParts } from './frame-of-parts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { Frame, StreamDecoder, StreamPosition } from '../contract.ts';
import { type SseEvent, SseEventTooLarge, SseFramer } from '../sse/sse-framer.ts';

/** Meaning of one event. */
export interface EventMeaning {
  readonly parts: readonly StreamPart[];
  readonly terminal?: boolean;
  readonly usageOnly?: boolean;
}

/** What a dialect adds to SSE framing: the meaning of events, and of the end. May throw on malformed events. */
export interface EventReader {
  read(event: SseEvent): EventMeaning;
  /** Parts that close what is still open when the upstream ends. */
  end(): readonly StreamPart[];
  readonly position: StreamPosition;
}

const ping: StreamPart = { type: 'ping' };

/** Joins SSE framing with a dialect's event reader; whatever is malformed becomes an `error` part. */
export function openSseDecoder(reader: EventReader): StreamDecoder {
  return new SseDecoder(reader);
}

class SseDecoder implements StreamDecoder {
  readonly #framer = new SseFramer();
  readonly #reader: EventReader;

  constructor(reader: EventReader) {
    this.#reader = reader;
  }

  get position(): StreamPosition {
    return this.#reader.position;
  }

  push(chunk: Buffer): readonly Frame[] {
    try {
      return this.#framesOf(this.#framer.push(chunk));
    } catch (error) {
      if (!(error instanceof SseEventTooLarge)) throw error;
      return [frameOfParts([malformed('An event of the stream exceeds 8 MiB.', error)])];
    }
  }

  end(): readonly Frame[] {
    const frames = this.#framesOf(this.#framer.end());
    const parts = this.#reader.end();
    return parts.length > 0 ? [...frames, frameOfParts(parts)] : frames;
  }

  #framesOf(events: readonly SseEvent[]): Frame[] {
    const frames: Frame[] = [];
    for (const event of events) {
      const { parts, terminal = false, usageOnly = false } = readSafely(this.#reader, event);
      frames.push({ bytes: event.bytes, parts, terminal, usageOnly });
    }
    return frames;
  }
}

function readSafely(reader: EventReader, event: SseEvent): EventMeaning {
  if (event.data === undefined) return { parts: [ping] };
  try {
    return reader.read(event);
  } catch (error) {
    return { parts: [malformed('The upstream sent an event that is not its protocol.', error)] };
  }
}

function malformed(message: string, cause: unknown): StreamPart {
  return { type: 'error', fault: new Fault('upstream_malformed', { message, cause }) };
}
