import { Fault } from '../../domain/fault.ts';
import type { StreamPart } from '../../domain/stream-part.ts';
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
const noBytes = Buffer.alloc(0);

/** Joins SSE framing with a dialect's event reader; whatever is malformed becomes an `error` part. */
export function openSseDecoder(reader: EventReader): StreamDecoder {
  const framer = new SseFramer();
  const frameOf = (event: SseEvent): Frame => {
    const meaning = readSafely(reader, event);
    return {
      bytes: event.bytes,
      parts: meaning.parts,
      terminal: meaning.terminal ?? false,
      usageOnly: meaning.usageOnly ?? false,
    };
  };
  return {
    push(chunk) {
      try {
        return framer.push(chunk).map(frameOf);
      } catch (error) {
        if (!(error instanceof SseEventTooLarge)) throw error;
        return [frameOfParts([malformed('An event of the stream exceeds 8 MiB.', error)])];
      }
    },
    end() {
      const frames = framer.end().map(frameOf);
      const parts = reader.end();
      return parts.length > 0 ? [...frames, frameOfParts(parts)] : frames;
    },
    get position() {
      return reader.position;
    },
  };
}

function frameOfParts(parts: readonly StreamPart[]): Frame {
  return { bytes: noBytes, parts, terminal: false, usageOnly: false };
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
