import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { isObject } from '../shared/field-reader.ts';
import { wordOf } from '../shared/word-of.ts';
import { readClientCall } from './client-call.ts';
import { textOf, textsOf } from './json-text.ts';
import { MessageReader } from './message-reader.ts';
import type { OpenBlock, OpenBlocks } from './open-blocks.ts';

/** Calls whose arguments come in pieces. */
const streamedCalls: ReadonlySet<string> = new Set(['function_call', 'custom_tool_call']);

/** Reads the events and items of an answer's output into blocks. */
export class OutputReader {
  readonly #blocks: OpenBlocks;
  readonly #messages: MessageReader;

  constructor(blocks: OpenBlocks) {
    this.#blocks = blocks;
    this.#messages = new MessageReader(blocks);
  }

  /** One event about the output; what has no word in the common vocabulary stays raw. */
  read(type: string, body: JsonObject): StreamPart[] {
    const item = itemKey(body);
    switch (type) {
      case 'response.output_item.added':
        return this.#added(item, body);
      case 'response.output_item.done':
        return isObject(body['item']) ? this.#done(item, body['item']) : [];
      case 'response.content_part.added':
        return this.#messages.partAdded(contentKey(body), body['part']);
      case 'response.content_part.done':
        return this.#messages.partDone(contentKey(body), body['part']);
      case 'response.output_text.delta':
        return this.#messages.text(contentKey(body), textOf(body['delta']));
      case 'response.output_text.done':
        return this.#messages.partDone(contentKey(body), { type: 'output_text', text: body['text'] ?? '' });
      case 'response.refusal.delta':
        return this.#messages.refusal(contentKey(body), textOf(body['delta']));
      case 'response.refusal.done':
        return this.#messages.partDone(contentKey(body), { type: 'refusal', refusal: body['refusal'] ?? '' });
      case 'response.output_text.annotation.added':
        return this.#messages.annotation(contentKey(body), body['annotation'], body);
      default:
        return this.#readOther(type, item, body);
    }
  }

  /** Items as a finished response lists them. */
  readItems(output: Json | undefined): StreamPart[] {
    if (!Array.isArray(output)) return [];
    return output.flatMap((item, index) => (isObject(item) ? this.#done(`${index}`, item) : []));
  }

  #readOther(type: string, item: string, body: JsonObject): StreamPart[] {
    switch (type) {
      case 'response.reasoning_summary_text.delta':
        return this.#reasoning(item, `summary ${number(body['summary_index'])}`, textOf(body['delta']));
      case 'response.reasoning_text.delta':
        return this.#reasoning(item, `text ${number(body['content_index'])}`, textOf(body['delta']));
      case 'response.function_call_arguments.delta':
        return this.#arguments(item, textOf(body['delta']));
      case 'response.function_call_arguments.done':
        return this.#argumentsDone(item, textOf(body['arguments']));
      case 'response.custom_tool_call_input.delta':
        return this.#customInput(item, textOf(body['delta']));
      case 'response.custom_tool_call_input.done':
      case 'response.reasoning_summary_part.added':
      case 'response.reasoning_summary_part.done':
      case 'response.reasoning_summary_text.done':
      case 'response.reasoning_text.done':
        return [];
      default:
        return [{ type: 'raw', value: body }];
    }
  }

  #added(key: string, body: JsonObject): StreamPart[] {
    const { item } = body;
    if (!isObject(item)) return [];
    if (item['type'] === 'message') return [];
    if (item['type'] === 'reasoning') return this.#openReasoning(key, item).parts;
    // What a built-in call asks for comes whole with its closing event, and its id may change until then.
    const call = streamedCalls.has(wordOf(item['type'])) ? readClientCall(item, `call_${key}`) : undefined;
    if (call === undefined) return [{ type: 'raw', value: body }];
    const closing = this.#blocks.close(key);
    const { index } = this.#blocks.open(key, kindOf(item));
    const start: StreamPart = { type: 'tool-call-start', index, id: call.id, name: call.name };
    const begun = item['type'] === 'function_call' ? this.#arguments(key, call.arguments) : [];
    return [...closing, start, ...begun];
  }

  #done(key: string, item: JsonObject): StreamPart[] {
    switch (item['type']) {
      case 'message':
        return this.#messages.done(key, item['content']);
      case 'reasoning':
        return this.#reasoningDone(key, item);
      case 'image_generation_call':
        return this.#imageDone(item);
      default:
        return this.#callDone(key, item);
    }
  }

  #openReasoning(key: string, item: JsonObject): { block: OpenBlock; parts: StreamPart[] } {
    const known = this.#blocks.find(key);
    if (known?.kind === 'reasoning') return { block: known, parts: [] };
    const closing = this.#blocks.close(key);
    const block = this.#blocks.open(key, 'reasoning');
    const { id } = item;
    const start: StreamPart = {
      type: 'reasoning-start',
      index: block.index,
      ...(typeof id === 'string' && id !== '' && { id }),
    };
    return { block, parts: [...closing, start] };
  }

  /** Summaries, or the reasoning itself, whichever came first; each of their parts is a paragraph. */
  #reasoning(key: string, section: string, text: string): StreamPart[] {
    const { block, parts } = this.#openReasoning(key, {});
    const [kind] = section.split(' ');
    if (text === '' || (block.section !== undefined && !block.section.startsWith(`${kind} `))) return parts;
    const gap = block.section !== undefined && block.section !== section ? '\n\n' : '';
    block.section = section;
    block.filled = true;
    return [...parts, { type: 'reasoning-delta', index: block.index, text: gap + text }];
  }

  #reasoningDone(key: string, item: JsonObject): StreamPart[] {
    if (this.#blocks.last(key)?.closed === true) return [];
    const { block, parts } = this.#openReasoning(key, item);
    const whole = block.filled ? '' : textsOf(item['content']) || textsOf(item['summary']);
    if (whole !== '') parts.push({ type: 'reasoning-delta', index: block.index, text: whole });
    const encrypted = textOf(item['encrypted_content']);
    return [...parts, ...this.#blocks.close(key, encrypted === '' ? undefined : encrypted)];
  }

  #arguments(key: string, text: string): StreamPart[] {
    const block = this.#openCall(key);
    if (block === undefined || text === '') return [];
    block.filled = true;
    return [{ type: 'tool-call-delta', index: block.index, arguments: text }];
  }

  #argumentsDone(key: string, text: string): StreamPart[] {
    return this.#openCall(key)?.filled === true ? [] : this.#arguments(key, text);
  }

  /** The open call of an item: arguments at the place of something else have nowhere to go. */
  #openCall(key: string): OpenBlock | undefined {
    const block = this.#blocks.find(key);
    return block?.kind === 'call' || block?.kind === 'client-call' ? block : undefined;
  }

  /** Free-form input as the JSON text `{"input":"…"}`, in pieces. */
  #customInput(key: string, delta: string): StreamPart[] {
    if (delta === '') return [];
    const block = this.#openCall(key);
    const escaped = JSON.stringify(delta).slice(1, -1);
    if (block === undefined) return [];
    const opening = block.section === undefined ? '{"input":"' : '';
    block.section = 'input';
    return this.#arguments(key, opening + escaped);
  }

  #callDone(key: string, item: JsonObject): StreamPart[] {
    const call = readClientCall(item, `call_${key}`);
    if (call === undefined) return [{ type: 'raw', value: { type: 'response.output_item.done', item } }];
    if (this.#blocks.last(key)?.closed === true) return [];
    const known = this.#openCall(key);
    const closing = known === undefined ? this.#blocks.close(key) : [];
    const block = known ?? this.#blocks.open(key, kindOf(item));
    const start: StreamPart = { type: 'tool-call-start', index: block.index, id: call.id, name: call.name };
    const parts = known === undefined ? [...closing, start] : [];
    const whole = call.arguments === '' ? '{}' : call.arguments;
    const rest = block.section === 'input' ? '"}' : whole;
    if (!block.filled || block.section === 'input') parts.push(...this.#arguments(key, rest));
    return [...parts, ...this.#blocks.close(key)];
  }

  #imageDone(item: JsonObject): StreamPart[] {
    const base64 = textOf(item['result']);
    if (base64 === '') return [];
    const format = textOf(item['output_format']);
    return [
      { type: 'media', index: this.#blocks.takeIndex(), mediaType: `image/${format === '' ? 'png' : format}`, base64 },
    ];
  }
}

function kindOf(item: JsonObject): 'call' | 'client-call' {
  return item['type'] === 'function_call' ? 'call' : 'client-call';
}

/** Items are known by their place; a host that names no place has at least ids. */
function itemKey(body: JsonObject): string {
  const { output_index: index, item } = body;
  if (typeof index === 'number') return `${index}`;
  return `id ${textOf(isObject(item) ? item['id'] : body['item_id'])}`;
}

function contentKey(body: JsonObject): string {
  return `${itemKey(body)}/${number(body['content_index'])}`;
}

function number(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}
