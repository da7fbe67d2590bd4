import { frameOfParts } from '../shared/frame-of-parts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { Frame, StreamDecoder } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import { parseJson } from '../shared/parse-arguments.ts';
import { AnswerReader } from './answer-reader.ts';
import { EventStreamBroken, EventStreamFramer, type EventStreamMessage } from './event-stream-framer.ts';
import { readBedrockError } from './read-error.ts';

/** Opens a decoder of a `converse-stream` answer in AWS's binary event stream. */
export function openConverseDecoder(): StreamDecoder {
  const framer = new EventStreamFramer();
  const reader = new AnswerReader();
  let isBroken = false;
  const frameOf = (message: EventStreamMessage): Frame => {
    const parts = readMessage(reader, message);
    return { bytes: message.bytes, parts, terminal: reader.position.terminated, usageOnly: false };
  };
  return {
    push(chunk) {
      if (isBroken) return [];
      const frames: Frame[] = [];
      try {
        framer.push(chunk, (message) => frames.push(frameOf(message)));
      } catch (error) {
        if (!(error instanceof EventStreamBroken)) throw error;
        isBroken = true;
        frames.push(frameOfParts([malformed(error)]));
      }
      return frames;
    },
    end() {
      const parts = reader.end();
      return parts.length === 0 ? [] : [frameOfParts(parts)];
    },
    get position() {
      return reader.position;
    },
  };
}

function readMessage(reader: AnswerReader, { headers, payload }: EventStreamMessage): readonly StreamPart[] {
  const body = parseJson(payload);
  switch (headers[':message-type']) {
    case 'exception':
      return [{ type: 'error', fault: readBedrockError({ status: 0, type: headers[':exception-type'], body }) }];
    case 'error': {
      const described = { message: headers[':error-message'] ?? '' };
      return [{ type: 'error', fault: readBedrockError({ status: 0, type: headers[':error-code'], body: described }) }];
    }
    default: {
      const type = headers[':event-type'];
      if (type === undefined || !isObject(body)) return [malformed(new Error('an event without type or payload'))];
      return reader.read(type, body);
    }
  }
}

function malformed(cause: unknown): StreamPart {
  const message = 'The upstream sent bytes that are not its event stream.';
  return { type: 'error', fault: new Fault('upstream_malformed', { message, cause }) };
}
