import type { Fault } from '../../domain/faults/fault.ts';
import type { AnswerContext, AnswerEncoder, Frame, InboundProtocol, StreamDecoder } from '../../protocols/contract.ts';
import { SseToJsonArray } from '../../protocols/index.ts';

/** Turns upstream frames into what the client gets. */
export interface AnswerOutput {
  /** Text or bytes to send now; empty for nothing. */
  frame(frame: Frame): Buffer | string;
  /** What remains to be sent for a good end; sent only when the fact is durable. */
  close(): Buffer | string;
  /** In-band error that ends the stream. */
  fail(fault: Fault): string;
}

const nothing = '';
const lineFeed = Buffer.from('\n');

/** Bytes out equal bytes in, but for a usage tail nobody asked for. The terminal frames are kept for `close`. */
export class PassThroughOutput implements AnswerOutput {
  readonly #inbound: InboundProtocol;
  readonly #context: AnswerContext;
  readonly #decoder: StreamDecoder;
  readonly #stripUsage: boolean;
  readonly #tail: Buffer[] = [];
  #last: Buffer | undefined;

  constructor(
    inbound: InboundProtocol,
    context: AnswerContext,
    upstream: { decoder: StreamDecoder; stripUsage: boolean },
  ) {
    this.#inbound = inbound;
    this.#context = context;
    this.#decoder = upstream.decoder;
    this.#stripUsage = upstream.stripUsage;
  }

  frame(frame: Frame): Buffer | string {
    if (frame.usageOnly && this.#stripUsage) return nothing;
    if (!frame.terminal && this.#tail.length === 0) {
      this.#last = frame.bytes;
      return frame.bytes;
    }
    this.#tail.push(frame.bytes);
    return nothing;
  }

  close(): Buffer | string {
    const { position } = this.#decoder;
    if (!position.terminated) return this.#endOfEvent(this.#inbound.closeStream(this.#context, position));
    const tail = Buffer.concat(this.#tail);
    // The last line feed of a CRLF stream may not have come yet when the last event is known.
    return tail.subarray(-3).toString('latin1') === '\r\n\r' ? Buffer.concat([tail, lineFeed]) : tail;
  }

  fail(fault: Fault): string {
    return this.#inbound.failStream(fault, this.#context, this.#decoder.position);
  }

  /** Where the upstream left out the blank line after its last event, closing frames must bring it. */
  #endOfEvent(closing: string): string {
    if (closing === nothing || this.#last === undefined) return closing;
    const end = this.#last.toString('latin1', Math.max(0, this.#last.length - 4));
    return /(\n\n|\r\r|\r\n\r\n)$/.test(end) ? closing : `\n\n${closing}`;
  }
}

/** Gemini without `alt=sse`: the upstream's objects, each as it came, in one JSON array. */
export class JsonArrayOutput implements AnswerOutput {
  readonly #inbound: InboundProtocol;
  readonly #requestId: string;
  readonly #array = new SseToJsonArray();

  constructor(inbound: InboundProtocol, { requestId }: AnswerContext) {
    this.#inbound = inbound;
    this.#requestId = requestId;
  }

  frame(frame: Frame): string {
    return this.#array.push(frame);
  }

  close(): string {
    return this.#array.end();
  }

  fail(fault: Fault): string {
    const opening = this.#array.isEmpty ? '[' : ',\n';
    return `${opening}${JSON.stringify(this.#inbound.encodeFault(fault, this.#requestId))}]\n`;
  }
}

/** Parts in, the client's dialect out. Survives several upstreams, for continuation. */
export class TranslatedOutput implements AnswerOutput {
  readonly #encoder: AnswerEncoder;

  constructor(encoder: AnswerEncoder) {
    this.#encoder = encoder;
  }

  frame(frame: Frame): string {
    let text = '';
    for (const part of frame.parts) text += this.#encoder.push(part);
    return text;
  }

  close(): string {
    return this.#encoder.end();
  }

  fail(fault: Fault): string {
    return this.#encoder.fail(fault);
  }
}
