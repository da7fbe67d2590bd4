import type { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { faultError } from './encode-fault.ts';

/** Writes events with gapless sequence numbers, continuing wherever a stream stands. */
export class EventLog {
  #next: number;

  constructor(first = 0) {
    this.#next = first;
  }

  /** One event as text for the wire. */
  write(type: string, fields: JsonObject): string {
    const data = JSON.stringify({ type, sequence_number: this.#next++, ...fields });
    return `event: ${type}\ndata: ${data}\n\n`;
  }

  /**
   * The pair of events that ends a failed stream. The error's fields stand at the top, as documented, and under
   * `error`, as hosts send them and as official clients look for them.
   */
  writeFailure(fault: Fault, failed: (error: JsonObject) => JsonObject): string {
    const error = faultError(fault);
    const { message, code } = error;
    return (
      this.write('error', { code, message, param: error['param'] ?? null, error }) +
      this.write('response.failed', { response: failed({ code, message }) })
    );
  }
}
