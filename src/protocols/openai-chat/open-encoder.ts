import type { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { ReasoningEnd, StreamPart } from '../../domain/calls/stream-part.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import type { AnswerContext, AnswerEncoder } from '../contract.ts';
import { encodeFault } from './encode-fault.ts';
import { encodeUsage } from './encode-usage.ts';
import { asksForFunctions, type Finish, finishWord } from './finish-reasons.ts';
import { isSigned, writeCallSignature, writeReasoningDetails } from './reasoning-fields.ts';
import { citation, imagePart } from './write-media.ts';

/** Last frame of every good stream of this dialect. */
export const doneFrame = 'data: [DONE]\n\n';

/** Writes an in-band error; without `[DONE]` and finish reason no client takes it for a good end. */
export function errorFrame(fault: Fault): string {
  return `data: ${JSON.stringify(encodeFault(fault))}\n\n`;
}

/** Opens the stream encoder of this dialect. */
export function openEncoder(context: AnswerContext): AnswerEncoder {
  return new ChunkEncoder(context);
}

class ChunkEncoder implements AnswerEncoder {
  readonly #context: AnswerContext;
  readonly #legacy: boolean;
  readonly #toolIndexes = new Map<number, number>();
  /** Text and id of the open reasoning block: its signature travels together with both. */
  #reasoning: { readonly id: string | undefined; text: string } = { id: undefined, text: '' };
  #reasoningBlocks = 0;
  #audioId: string | undefined;
  #head: string | undefined;
  #usage: Usage | undefined;
  #finish: Finish | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#legacy = asksForFunctions(context.request);
  }

  push(part: StreamPart): string {
    switch (part.type) {
      case 'start':
        return this.#start(part);
      case 'text-delta':
        return this.#delta({ content: part.text });
      case 'refusal-delta':
        return this.#delta({ refusal: part.text });
      case 'reasoning-start':
        this.#reasoning = { id: part.id, text: '' };
        return '';
      case 'reasoning-delta':
        this.#reasoning.text += part.text;
        return this.#delta({ reasoning_content: part.text });
      case 'reasoning-end':
        return this.#endReasoning(part);
      case 'usage':
        this.#usage = part.usage;
        return '';
      case 'finish':
        this.#finish = part;
        return '';
      default:
        return this.#pushOther(part);
    }
  }

  end(): string {
    const finish = this.#chunk({}, JSON.stringify(finishWord(this.#finish ?? { reason: 'other' }, this.#legacy)));
    const usage = this.#context.wantsUsage ? this.#usage : undefined;
    if (!usage) return finish + doneFrame;
    return `${finish}${this.#headText()}[],"usage":${JSON.stringify(encodeUsage(usage))}}\n\n${doneFrame}`;
  }

  fail(fault: Fault): string {
    return errorFrame(fault);
  }

  #pushOther(part: StreamPart): string {
    switch (part.type) {
      case 'tool-call-start':
        return this.#startCall(part);
      case 'tool-call-delta':
        return this.#callDelta(part.index, part.arguments);
      case 'tool-call-end':
        if (part.signature === undefined) return '';
        return this.#callDelta(part.index, '', { extra_content: writeCallSignature(part.signature) });
      case 'media':
        return this.#media(part);
      case 'source':
        return this.#delta({ annotations: [citation(part)] });
      default:
        return '';
    }
  }

  #start(part: Extract<StreamPart, { readonly type: 'start' }>): string {
    if (this.#head !== undefined) return '';
    const id = JSON.stringify(part.id ?? this.#context.newId('chatcmpl-'));
    const model = JSON.stringify(part.model ?? this.#context.model);
    const created = part.createdAtS ?? this.#context.createdAtS;
    this.#head = `data: {"id":${id},"object":"chat.completion.chunk","created":${created},"model":${model},"choices":`;
    return this.#chunk({ role: 'assistant', content: '' }, 'null');
  }

  #headText(): string {
    return this.#head ?? '';
  }

  #delta(delta: JsonObject): string {
    return this.#chunk(delta, 'null');
  }

  #startCall(part: Extract<StreamPart, { readonly type: 'tool-call-start' }>): string {
    const index = this.#toolIndexes.size;
    this.#toolIndexes.set(part.index, index);
    const called = { name: part.name, arguments: '' };
    if (this.#legacy) return index === 0 ? this.#delta({ function_call: called }) : '';
    return this.#delta({ tool_calls: [{ index, id: part.id, type: 'function', function: called }] });
  }

  /** Every entry has its `function`: some clients refuse chunks without. */
  #callDelta(block: number, piece: string, extra: JsonObject = {}): string {
    const index = this.#toolIndexes.get(block);
    if (index === undefined) return '';
    const called = { arguments: piece };
    if (this.#legacy) return index === 0 && piece !== '' ? this.#delta({ function_call: called }) : '';
    return this.#delta({ tool_calls: [{ index, function: called, ...extra }] });
  }

  /** The unchanging head is text already: only the delta is serialised per chunk. */
  #chunk(delta: JsonObject, finishReason: string): string {
    const opening = this.#head === undefined ? this.#start({ type: 'start' }) : '';
    const choice = `[{"index":0,"delta":${JSON.stringify(delta)},"logprobs":null,"finish_reason":${finishReason}}]`;
    return `${opening}${this.#headText()}${choice}}\n\n`;
  }

  #endReasoning(part: ReasoningEnd): string {
    const index = this.#reasoningBlocks++;
    if (!isSigned(part)) return '';
    return this.#delta({ reasoning_details: writeReasoningDetails({ ...this.#reasoning, ...part }, index) });
  }

  #media(part: Extract<StreamPart, { readonly type: 'media' }>): string {
    if (!part.mediaType.startsWith('audio/')) return this.#delta({ images: [imagePart(part)] });
    this.#audioId ??= this.#context.newId('audio_');
    const { transcript } = part;
    const audio = { id: this.#audioId, data: part.base64, ...(transcript !== undefined && { transcript }) };
    return this.#delta({ audio });
  }
}
