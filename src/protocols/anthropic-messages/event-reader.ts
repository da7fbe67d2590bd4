import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { isContent, type StreamPart } from '../../domain/calls/stream-part.ts';
import type { StreamPosition } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import type { EventMeaning, EventReader } from '../shared/open-sse-decoder.ts';
import type { SseEvent } from '../sse/sse-framer.ts';
import { OpenBlocks } from './open-blocks.ts';
import { readAnthropicError } from './read-error.ts';
import { mergeUsage, readAnthropicUsage } from './read-usage.ts';
import { readStopReason } from './stop-reason.ts';
import { parseExact } from '../shared/exact-json.ts';

const nothing: EventMeaning = { parts: [] };

/**
 * Meaning of the events of a Messages stream. A second `message_start` of another id means that the host began anew:
 * before any content a second `start` part says "forget the first"; after content the answer is `truncated`.
 */
export class AnthropicEventReader implements EventReader {
  #blocks = new OpenBlocks();
  #id: string | undefined;
  #model: string | undefined;
  #usage: JsonObject = {};
  #started = false;
  #content = false;
  #finished = false;
  #terminated = false;
  #broken = false;

  get position(): StreamPosition {
    return {
      sequenceNumber: 0,
      id: this.#id,
      model: this.#model,
      finished: this.#finished,
      terminated: this.#terminated,
    };
  }

  read(event: SseEvent): EventMeaning {
    const data: unknown = parseExact(event.data ?? '');
    if (!isObject(data)) throw new TypeError('event data is not an object');
    if (this.#broken || this.#terminated) return nothing;
    const meaning = this.#meaningOf(typeof data['type'] === 'string' ? data['type'] : event.event, data);
    this.#content ||= meaning.parts.some(isContent);
    return meaning;
  }

  end(): readonly StreamPart[] {
    return this.#broken ? [] : this.#blocks.closeAll();
  }

  #meaningOf(type: string, data: JsonObject): EventMeaning {
    switch (type) {
      case 'message_start':
        return { parts: this.#start(data) };
      case 'content_block_start':
        return { parts: this.#blocks.start(data) };
      case 'content_block_delta':
        return { parts: this.#blocks.delta(data) };
      case 'content_block_stop':
        return { parts: this.#blocks.stop(data) };
      case 'message_delta':
        return { parts: this.#messageDelta(data) };
      case 'message_stop':
        this.#terminated = true;
        return { parts: this.#blocks.closeAll(), terminal: true };
      case 'ping':
        return { parts: [{ type: 'ping' }] };
      case 'error':
        return { parts: [{ type: 'error', fault: readAnthropicError(data) }] };
      default:
        return { parts: [{ type: 'raw', value: data }] };
    }
  }

  #start(data: JsonObject): StreamPart[] {
    const message = isObject(data['message']) ? data['message'] : {};
    const id = typeof message['id'] === 'string' ? message['id'] : undefined;
    if (this.#started && (id === this.#id || this.#finished)) return [];
    if (this.#content) {
      this.#broken = true;
      const text = 'The upstream began a second answer in the middle of the first.';
      return [...this.#blocks.closeAll(), { type: 'error', fault: new Fault('truncated', { message: text }) }];
    }
    this.#blocks = new OpenBlocks();
    this.#started = true;
    this.#id = id;
    this.#model = typeof message['model'] === 'string' ? message['model'] : undefined;
    const usage = message['usage'];
    this.#usage = isObject(usage) ? usage : {};
    const start: StreamPart = {
      type: 'start',
      ...(id !== undefined && { id }),
      ...(this.#model !== undefined && { model: this.#model }),
    };
    return [start, ...this.#usageParts(), ...this.#whole(message)];
  }

  /** Answers that only run a tool from inside a server's code come whole with their start. */
  #whole(message: JsonObject): StreamPart[] {
    const content = Array.isArray(message['content']) ? message['content'] : [];
    const blocks = content.flatMap((block, index) => [
      ...this.#blocks.start({ type: 'content_block_start', index, content_block: block }),
      ...this.#blocks.stop({ type: 'content_block_stop', index }),
    ]);
    return [...blocks, ...this.#finish(message)];
  }

  #finish({ stop_reason: reason, stop_sequence: sequence }: JsonObject): StreamPart[] {
    if (typeof reason !== 'string' || this.#finished) return [];
    this.#finished = true;
    return [{ type: 'finish', ...readStopReason(reason, sequence) }];
  }

  #messageDelta(data: JsonObject): StreamPart[] {
    const parts: StreamPart[] = [];
    const usage = data['usage'];
    const delta = isObject(data['delta']) ? data['delta'] : {};
    if (typeof delta['stop_reason'] === 'string') parts.push(...this.#blocks.closeAll());
    if (isObject(usage)) {
      this.#usage = mergeUsage(this.#usage, usage);
      parts.push(...this.#usageParts());
    }
    return [...parts, ...this.#finish(delta)];
  }

  #usageParts(): StreamPart[] {
    const usage = readAnthropicUsage(this.#usage);
    return usage === undefined ? [] : [{ type: 'usage', usage }];
  }
}
