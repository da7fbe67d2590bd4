import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { StreamPosition } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import type { EventMeaning, EventReader } from '../shared/open-sse-decoder.ts';
import type { SseEvent } from '../sse/sse-framer.ts';
import { readFinish } from './finish-reason.ts';
import { OpenBlocks } from './open-blocks.ts';
import { OutputReader } from './output-reader.ts';
import { readFailure } from './read-failure.ts';
import { readUsage } from './read-usage.ts';

const statusByEvent: ReadonlyMap<string, string> = new Map([
  ['response.completed', 'completed'],
  ['response.incomplete', 'incomplete'],
  ['response.cancelled', 'cancelled'],
]);

/**
 * Reads the events of a Responses stream. Items are told apart by `output_index`, since hosts change item ids half way;
 * without a terminal event the answer is not finished.
 */
export class ResponsesReader implements EventReader {
  readonly #blocks = new OpenBlocks();
  readonly #output = new OutputReader(this.#blocks);
  #sequenceNumber = 0;
  #id: string | undefined;
  #model: string | undefined;
  #finished = false;
  #terminated = false;
  #failed = false;

  get position(): StreamPosition {
    return {
      sequenceNumber: this.#sequenceNumber,
      id: this.#id === '' ? undefined : this.#id,
      model: this.#model,
      finished: this.#finished,
      terminated: this.#terminated,
    };
  }

  read({ event, data = '' }: SseEvent): EventMeaning {
    // Not part of this protocol, but some hosts end every stream with it.
    if (data.trim() === '[DONE]') return { parts: [], terminal: this.#terminated };
    const body: unknown = JSON.parse(data);
    if (!isObject(body)) throw new TypeError('the event is not an object');
    return this.readEvent(typeof body['type'] === 'string' ? body['type'] : event, body);
  }

  /** One event, already parsed. */
  readEvent(type: string, body: JsonObject): EventMeaning {
    const number = body['sequence_number'];
    this.#sequenceNumber = (typeof number === 'number' ? number : this.#sequenceNumber) + 1;
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
        return { parts: this.#start(body['response']) };
      case 'response.completed':
      case 'response.incomplete':
      case 'response.cancelled':
        return this.#end(type, body['response']);
      case 'response.failed':
        this.#terminated = true;
        return { parts: this.#fail(body['response']), terminal: true };
      case 'error':
        return { parts: this.#error(isObject(body['error']) ? body['error'] : body) };
      default:
        if (!type.startsWith('response.') && isObject(body['error'])) return { parts: this.#error(body['error']) };
        return { parts: [...(this.#id === undefined ? this.#start({}) : []), ...this.#output.read(type, body)] };
    }
  }

  end(): readonly StreamPart[] {
    return this.#blocks.closeAll();
  }

  #start(response: unknown): StreamPart[] {
    if (!isObject(response)) return [];
    const { id, model, created_at: createdAtS } = response;
    const known = this.#id !== undefined;
    if (known && (this.#id === '' || typeof id !== 'string' || id === this.#id)) return [];
    // A new id half way means that the host began anew; whoever reads the parts sees a second start.
    const closing = this.#blocks.forget();
    this.#finished = false;
    this.#terminated = false;
    this.#id = typeof id === 'string' ? id : '';
    if (typeof model === 'string') this.#model = model;
    return [
      ...closing,
      {
        type: 'start',
        ...(typeof id === 'string' && id !== '' && { id }),
        ...(typeof model === 'string' && { model }),
        ...(typeof createdAtS === 'number' && { createdAtS }),
      },
    ];
  }

  #end(type: string, response: unknown): EventMeaning {
    this.#terminated = true;
    const body = isObject(response) ? response : {};
    const status = typeof body['status'] === 'string' ? body['status'] : (statusByEvent.get(type) ?? 'completed');
    if (status === 'failed') return { parts: this.#fail(body), terminal: true };
    this.#finished = true;
    const start = this.#id === undefined ? this.#start(body) : [];
    // Hosts that stream no items still state them here.
    const items = this.#blocks.any ? [] : this.#output.readItems(body['output']);
    const closing = this.#blocks.closeAll();
    const usage = readUsage(body);
    const finish = readFinish(body, status, this.#blocks);
    const parts: StreamPart[] = [...start, ...items, ...closing];
    if (usage !== undefined) parts.push({ type: 'usage', usage });
    if (this.#failed) this.#finished = false;
    else parts.push({ type: 'finish', ...finish });
    return { parts, terminal: true };
  }

  #fail(response: unknown): StreamPart[] {
    const body = isObject(response) ? response : {};
    const usage = readUsage(body);
    return [...(usage === undefined ? [] : [{ type: 'usage', usage } as const]), ...this.#error(body['error'] ?? null)];
  }

  /** `error` and `response.failed` tell the same failure twice. */
  #error(error: JsonObject[string]): StreamPart[] {
    if (this.#failed) return [];
    this.#failed = true;
    return [...this.#blocks.closeAll(), { type: 'error', fault: readFailure(error) }];
  }
}
