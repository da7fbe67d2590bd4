import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { EventLog } from './event-log.ts';
import { dialect } from './dialect-name.ts';
import { type ReasoningProof, sealReasoningProof } from './reasoning-envelope.ts';

type ItemStatus = 'completed' | 'incomplete';

/** One output item being written. It closes when it is ended and the next item begins, or with the response. */
export interface OutputWriter {
  /** Nothing more will come for it. */
  readonly ended: boolean;
  /** Closing events, once. */
  close(status: ItemStatus): string;
  /** The finished item; undefined before `close`. */
  readonly item: JsonObject | undefined;
}

/** What every item writer needs: where to write, and who it is. */
export interface ItemSlot {
  readonly log: EventLog;
  readonly id: string;
  readonly outputIndex: number;
}

/** A `function_call` item. */
export class FunctionCallWriter implements OutputWriter {
  ended = false;
  item: JsonObject | undefined;
  readonly #slot: ItemSlot;
  readonly #call: { readonly id: string; readonly name: string };
  #arguments = '';
  #signature: string | undefined;

  constructor(slot: ItemSlot, call: { readonly id: string; readonly name: string }) {
    this.#slot = slot;
    this.#call = call;
  }

  open(): string {
    return added(this.#slot, this.#build('in_progress'));
  }

  delta(text: string): string {
    if (text === '') return '';
    this.#arguments += text;
    return this.#slot.log.write('response.function_call_arguments.delta', { ...place(this.#slot), delta: text });
  }

  end(signature: string | undefined): void {
    this.ended = true;
    this.#signature = signature;
  }

  close(status: ItemStatus): string {
    // Clients parse the arguments: a call without any has an empty object, unless it was cut before its first byte.
    const filled = this.#arguments === '' && status === 'completed' ? this.delta('{}') : '';
    const done = this.#slot.log.write('response.function_call_arguments.done', {
      ...place(this.#slot),
      name: this.#call.name,
      arguments: this.#arguments,
    });
    this.item = this.#build(status);
    return filled + done + finished(this.#slot, this.item);
  }

  #build(status: ItemStatus | 'in_progress'): JsonObject {
    return {
      id: this.#slot.id,
      type: 'function_call',
      status,
      arguments: this.#arguments,
      call_id: this.#call.id,
      name: this.#call.name,
      ...(this.#signature !== undefined && {
        extra_content: { google: { thought_signature: this.#signature } },
      }),
    };
  }
}

/** A `reasoning` item, its text written as one summary part. */
export class ReasoningWriter implements OutputWriter {
  ended = false;
  item: JsonObject | undefined;
  readonly #slot: ItemSlot;
  #text = '';
  #encrypted: string | undefined;

  constructor(slot: ItemSlot) {
    this.#slot = slot;
  }

  open(): string {
    return added(this.#slot, { id: this.#slot.id, type: 'reasoning', status: 'in_progress', summary: [] });
  }

  delta(text: string): string {
    if (text === '') return '';
    const opened = this.#text === '' ? this.#part('added', '') : '';
    this.#text += text;
    return opened + this.#write('text.delta', { delta: text });
  }

  end(proof: ReasoningProof): void {
    this.ended = true;
    const { signature, redacted, encrypted, provenance = dialect } = proof;
    if (encrypted !== undefined && provenance === dialect) this.#encrypted = encrypted;
    else if ((signature ?? redacted ?? encrypted) !== undefined) this.#encrypted = sealReasoningProof(proof);
  }

  close(status: ItemStatus): string {
    const text = this.#text;
    const closed = text === '' ? '' : this.#write('text.done', { text }) + this.#part('done', text);
    this.item = {
      id: this.#slot.id,
      type: 'reasoning',
      status,
      summary: text === '' ? [] : [{ type: 'summary_text', text }],
      ...(this.#encrypted !== undefined && { encrypted_content: this.#encrypted }),
    };
    return closed + finished(this.#slot, this.item);
  }

  #part(step: 'added' | 'done', text: string): string {
    return this.#write(`part.${step}`, { part: { type: 'summary_text', text } });
  }

  #write(event: string, fields: JsonObject): string {
    const type = `response.reasoning_summary_${event}`;
    return this.#slot.log.write(type, { ...place(this.#slot), summary_index: 0, ...fields });
  }
}

/** An item that arrives whole: an image, or an item carried over from the same dialect. */
export class WholeItemWriter implements OutputWriter {
  readonly ended = true;
  item: JsonObject | undefined;
  readonly #slot: ItemSlot;
  readonly #whole: JsonObject;

  constructor(slot: ItemSlot, whole: JsonObject) {
    this.#slot = slot;
    this.#whole = whole;
  }

  open(): string {
    return added(this.#slot, this.#whole);
  }

  close(): string {
    this.item = this.#whole;
    return finished(this.#slot, this.item);
  }
}

/** Names the item an event belongs to. */
export function place(slot: ItemSlot): JsonObject {
  return { item_id: slot.id, output_index: slot.outputIndex };
}

/** `response.output_item.added`. */
export function added(slot: ItemSlot, item: JsonObject): string {
  return slot.log.write('response.output_item.added', { output_index: slot.outputIndex, item });
}

/** `response.output_item.done`. */
export function finished(slot: ItemSlot, item: JsonObject): string {
  return slot.log.write('response.output_item.done', { output_index: slot.outputIndex, item });
}
