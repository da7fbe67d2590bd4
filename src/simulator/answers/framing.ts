import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import type { Frame } from './answer.ts';
import type { Script } from '../scripts/script.ts';

/** How events become bytes. */
export interface Framing {
  readonly contentType: string;
  /** Bytes before the first event. */
  readonly head: string;
  /** Bytes after the last event. */
  readonly tail: string;
  encode(frame: Frame, place: FramePlace): Buffer;
}

/** Where an event stands in its stream, and whether it is to be damaged. */
export interface FramePlace {
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isDamaged: boolean;
}

const lineEnds = { lf: '\n', crlf: '\r\n', cr: '\r' } as const;
const padding = ' '.repeat(24);

/** Server-sent events with the line ends and oddities of the script. */
export function sseFraming(script: Script): Framing {
  const eol = lineEnds[script.eol ?? 'lf'];
  const encode = (frame: Frame, place: FramePlace): Buffer => {
    const comment = script.comments === true ? `: simulated${eol}${eol}` : '';
    const name = frame.event === undefined ? '' : `event: ${frame.event}${eol}`;
    const data = place.isDamaged ? damage(frame.data) : frame.data;
    const padded = script.pad === true && frame.data.endsWith('}') ? data + padding : data;
    const end = place.isLast && script.noFinalNewline === true ? '' : eol + eol;
    return Buffer.from(`${comment}${name}data: ${padded}${end}`);
  };
  return {
    contentType: 'text/event-stream; charset=utf-8',
    head: script.bom === true ? '\ufeff' : '',
    tail: '',
    encode,
  };
}

/** One JSON array, as Gemini streams without `alt=sse`. */
export function jsonArrayFraming(): Framing {
  const encode = (frame: Frame, place: FramePlace): Buffer =>
    Buffer.from((place.isFirst ? '' : ',\r\n') + (place.isDamaged ? damage(frame.data) : frame.data));
  return { contentType: 'application/json; charset=UTF-8', head: '[', tail: ']\n', encode };
}

/** The binary event stream of Amazon Bedrock; an event named `exception:X` becomes an exception message. */
export function awsEventStreamFraming(): Framing {
  const codec = new EventStreamCodec(toUtf8, fromUtf8);
  const encode = (frame: Frame, place: FramePlace): Buffer => {
    const name = frame.event ?? 'unknown';
    const isException = name.startsWith('exception:');
    const kind = isException ? 'exception' : 'event';
    const bytes = codec.encode({
      headers: {
        [`:${kind}-type`]: { type: 'string', value: isException ? name.slice('exception:'.length) : name },
        ':content-type': { type: 'string', value: 'application/json' },
        ':message-type': { type: 'string', value: kind },
      },
      body: fromUtf8(frame.data),
    });
    const message = Buffer.from(bytes);
    // The last four bytes are a checksum of the message.
    if (place.isDamaged) message.writeUInt8((message.at(-1) ?? 0) ^ 0xff, message.length - 1);
    return message;
  };
  return { contentType: 'application/vnd.amazon.eventstream', head: '', tail: '', encode };
}

/** Half of the text: certainly no JSON any more. */
function damage(data: string): string {
  return data.slice(0, Math.ceil(data.length / 2));
}
