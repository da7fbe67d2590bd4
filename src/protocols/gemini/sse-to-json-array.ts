import type { Frame } from '../contract.ts';
import { type SseEvent, SseFramer } from '../sse/sse-framer.ts';

/**
 * Re-frames the events of an `alt=sse` upstream as the JSON array that a client without `alt=sse` expects, leaving
 * each object's bytes as they are: several candidates, log probabilities and safety ratings survive.
 */
export class SseToJsonArray {
  #opening = '[';

  /** Has nothing been written yet? */
  get isEmpty(): boolean {
    return this.#opening === '[';
  }

  /** Text for one upstream frame; empty for comments. */
  push(frame: Pick<Frame, 'bytes'>): string {
    const framer = new SseFramer();
    return [...framer.push(frame.bytes), ...framer.end()].map((event) => this.#write(event)).join('');
  }

  /** Closes the array. */
  end(): string {
    return this.isEmpty ? '[]\n' : ']\n';
  }

  #write({ data }: SseEvent): string {
    if (data === undefined || data === '' || data === '[DONE]') return '';
    const text = this.#opening + data;
    this.#opening = ',\n';
    return text;
  }
}
