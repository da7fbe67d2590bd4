import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { ReasoningEnd, StreamPart } from '../../domain/calls/stream-part.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import type { AnswerContext, AnswerEncoder } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import { encodeFault } from './encode-fault.ts';
import { writeCitation } from './read-citation.ts';
import { writeStopReason } from './stop-reason.ts';
import { writeEvent } from './write-event.ts';
import { writeRedacted, writeSignature } from './write-signature.ts';
import { writeUsage } from './write-usage.ts';

type Finish = Extract<StreamPart, { readonly type: 'finish' }>;
type Start = Extract<StreamPart, { readonly type: 'start' }>;
type Source = Extract<StreamPart, { readonly type: 'source' }>;

/**
 * Writes a Messages stream. `message_start` waits for the first block, so that it can carry the input usage; text and
 * thinking blocks open with their first piece, because a client that sends an empty one back is refused.
 */
export class AnthropicAnswerEncoder implements AnswerEncoder {
  readonly #context: AnswerContext;
  /** Number on the wire of each open block, by our index. */
  readonly #open = new Map<number, number>();
  readonly #rawNumbers = new Map<unknown, number>();
  readonly #reasoningIds = new Map<number, string>();
  #text: { readonly index: number; readonly number: number } | undefined;
  #nextNumber = 0;
  #start: Start | undefined;
  #usage: Usage | undefined;
  #finish: Finish | undefined;
  #begun = false;
  #hasToolCall = false;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(part: StreamPart): string {
    switch (part.type) {
      case 'start':
        this.#start = part;
        return '';
      case 'usage':
        this.#usage = part.usage;
        return '';
      case 'finish':
        this.#finish = part;
        return '';
      case 'error':
        return this.fail(part.fault);
      case 'ping':
        return this.#begun ? writeEvent({ type: 'ping' }) : '';
      default:
        return this.#pushContent(part);
    }
  }

  end(): string {
    const finish = this.#finish;
    if (finish === undefined) return this.fail(new Fault('truncated'));
    const closing = this.#begin() + this.#closeText() + [...this.#open.keys()].map((at) => this.#stop(at)).join('');
    const delta = {
      stop_reason: writeStopReason(finish, this.#hasToolCall ? ['tool-call'] : []),
      stop_sequence: finish.stopSequence ?? null,
    };
    return (
      closing +
      writeEvent({ type: 'message_delta', delta, usage: writeUsage(this.#usage) }) +
      writeEvent({ type: 'message_stop' })
    );
  }

  fail(fault: Fault): string {
    return writeEvent(encodeFault(fault, this.#context.requestId));
  }

  #pushContent(part: StreamPart): string {
    switch (part.type) {
      case 'text-delta':
      case 'refusal-delta':
        return this.#pushText(part.index, part.text);
      case 'media':
        return this.#pushText(part.index, part.transcript ?? '');
      case 'source':
        return this.#pushSource(part);
      case 'reasoning-start':
        if (part.id !== undefined) this.#reasoningIds.set(part.index, part.id);
        return '';
      case 'reasoning-delta':
        return this.#pushThinking(part.index, part.text);
      case 'reasoning-end':
        return this.#endReasoning(part);
      case 'tool-call-start':
        return this.#startTool(part.index, part.id, part.name);
      case 'tool-call-delta':
        return this.#delta(part.index, { type: 'input_json_delta', partial_json: part.arguments });
      case 'tool-call-end':
        return this.#stop(part.index);
      case 'raw':
        return this.#pushRaw(part.value);
      default:
        // Text stays open past its end: sources may follow, and the next block or the finish closes it.
        return '';
    }
  }

  #pushText(index: number, text: string): string {
    if (text === '') return '';
    const delta = { type: 'text_delta', text };
    if (this.#text?.index === index) return blockDelta(this.#text.number, delta);
    const before = this.#begin() + this.#closeText();
    const number = this.#nextNumber++;
    this.#text = { index, number };
    return before + blockStart(number, { type: 'text', text: '' }) + blockDelta(number, delta);
  }

  #pushSource(source: Source): string {
    if (this.#text === undefined) return '';
    return blockDelta(this.#text.number, { type: 'citations_delta', citation: writeCitation(source) });
  }

  #pushThinking(index: number, text: string): string {
    if (text === '') return '';
    const opening = this.#open.has(index) ? '' : this.#openThinking(index);
    return opening + this.#delta(index, { type: 'thinking_delta', thinking: text });
  }

  #endReasoning(part: ReasoningEnd): string {
    const { index, redacted } = part;
    const id = this.#reasoningIds.get(index);
    this.#reasoningIds.delete(index);
    const signature = writeSignature({ ...part, ...(id !== undefined && { id }) });
    let frames = '';
    if (signature !== '') {
      if (!this.#open.has(index)) frames += this.#openThinking(index);
      frames += this.#delta(index, { type: 'signature_delta', signature });
    }
    frames += this.#stop(index);
    if (redacted === undefined) return frames;
    const data = writeRedacted(redacted, part.provenance);
    return frames + this.#openBlock(index, { type: 'redacted_thinking', data }) + this.#stop(index);
  }

  #openThinking(index: number): string {
    return this.#openBlock(index, { type: 'thinking', thinking: '', signature: '' });
  }

  #startTool(index: number, id: string, name: string): string {
    this.#hasToolCall = true;
    const known = id === '' ? this.#context.newId('toolu_') : id;
    return this.#openBlock(index, { type: 'tool_use', id: known, name, input: {} });
  }

  /** Events of blocks that only this dialect knows, under numbers of this stream. */
  #pushRaw(value: unknown): string {
    if (!isObject(value)) return '';
    const { type, index } = value;
    if (type === 'content_block_start') {
      const before = this.#begin() + this.#closeText();
      const number = this.#nextNumber++;
      this.#rawNumbers.set(index, number);
      return before + writeEvent({ ...value, type, index: number });
    }
    const number = this.#rawNumbers.get(index);
    if (number === undefined || (type !== 'content_block_delta' && type !== 'content_block_stop')) return '';
    if (type === 'content_block_stop') this.#rawNumbers.delete(index);
    return writeEvent({ ...value, type, index: number });
  }

  #begin(): string {
    if (this.#begun) return '';
    this.#begun = true;
    const message = {
      id: this.#start?.id ?? this.#context.newId('msg_'),
      type: 'message',
      role: 'assistant',
      model: this.#start?.model ?? this.#context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: writeUsage(this.#usage),
    };
    return writeEvent({ type: 'message_start', message });
  }

  #openBlock(index: number, block: JsonObject): string {
    const before = this.#begin() + this.#closeText();
    const number = this.#nextNumber++;
    this.#open.set(index, number);
    return before + blockStart(number, block);
  }

  #delta(index: number, delta: JsonObject): string {
    const number = this.#open.get(index);
    return number === undefined ? '' : blockDelta(number, delta);
  }

  #stop(index: number): string {
    const number = this.#open.get(index);
    this.#open.delete(index);
    return number === undefined ? '' : blockStop(number);
  }

  #closeText(): string {
    const text = this.#text;
    this.#text = undefined;
    return text === undefined ? '' : blockStop(text.number);
  }
}

function blockStart(number: number, block: JsonObject): string {
  return writeEvent({ type: 'content_block_start', index: number, content_block: block });
}

function blockDelta(number: number, delta: JsonObject): string {
  return writeEvent({ type: 'content_block_delta', index: number, delta });
}

function blockStop(number: number): string {
  return writeEvent({ type: 'content_block_stop', index: number });
}
