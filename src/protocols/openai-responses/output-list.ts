import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { isObject } from '../shared/field-reader.ts';
import type { EventLog } from './event-log.ts';
import { MessageWriter } from './message-writer.ts';
import {
  FunctionCallWriter,
  type ItemSlot,
  type OutputWriter,
  ReasoningWriter,
  WholeItemWriter,
} from './output-writers.ts';

type Part<Type extends StreamPart['type']> = Extract<StreamPart, { readonly type: Type }>;
type ContentType = Exclude<StreamPart['type'], 'start' | 'usage' | 'finish' | 'error' | 'ping'>;

/** A block of the answer, by where it is written. */
type Block =
  | { readonly kind: 'text' | 'refusal'; readonly writer: MessageWriter; readonly part: number }
  | { readonly kind: 'call'; readonly writer: FunctionCallWriter }
  | { readonly kind: 'reasoning'; readonly writer: ReasoningWriter };

/** Turns blocks of the common vocabulary into output items, in their order of appearance. */
export class OutputList {
  readonly #log: EventLog;
  readonly #newId: (prefix: string) => string;
  readonly #writers: OutputWriter[] = [];
  readonly #blocks = new Map<number, Block>();
  #refused = false;
  #refusedInWords = false;

  constructor(log: EventLog, newId: (prefix: string) => string) {
    this.#log = log;
    this.#newId = newId;
  }

  /** The finished items. */
  get items(): readonly JsonObject[] {
    return this.#writers.map((writer) => writer.item).filter((item) => item !== undefined);
  }

  /** There is a refusal part. */
  get refused(): boolean {
    return this.#refused;
  }

  /** There is a refusal that a person can read. */
  get refusedInWords(): boolean {
    return this.#refusedInWords;
  }

  push(part: Part<ContentType>): string {
    switch (part.type) {
      case 'text-start':
        return this.#text(part.index, 'text').text;
      case 'text-delta':
        return this.#textDelta(part.index, 'text', part.text);
      case 'refusal-delta':
        this.#refused = true;
        this.#refusedInWords ||= part.text !== '';
        return this.#textDelta(part.index, 'refusal', part.text);
      case 'text-end': {
        const block = this.#blocks.get(part.index);
        if (block?.kind === 'text') block.writer.endPart(block.part);
        return '';
      }
      case 'source':
        return this.#source(part);
      case 'media':
        return this.#media(part);
      case 'raw':
        return this.#raw(part.value);
      default:
        return this.#pushItem(part);
    }
  }

  /** Closes what is open; in an answer that was cut, the last item is the one it was cut in. */
  closeAll(cut: boolean): string {
    const last = this.#writers.at(-1);
    return this.#writers
      .filter((writer) => writer.item === undefined)
      .map((writer) => writer.close(cut && writer === last ? 'incomplete' : 'completed'))
      .join('');
  }

  /** A refusal without words still has a refusal part, so that no client takes it for an ordinary end. */
  refuseSilently(): string {
    this.#refused = true;
    const { slot, text } = this.#openItem('msg');
    const writer = new MessageWriter(slot);
    this.#writers.push(writer);
    return text + writer.open() + writer.openPart('refusal').text + writer.close('incomplete');
  }

  #pushItem(part: Part<`reasoning-${'start' | 'delta' | 'end'}` | `tool-call-${'start' | 'delta' | 'end'}`>): string {
    switch (part.type) {
      case 'reasoning-start':
        return this.#reasoning(part.index, part.id).text;
      case 'reasoning-delta': {
        const { writer, text } = this.#reasoning(part.index, undefined);
        return text + writer.delta(part.text);
      }
      case 'reasoning-end': {
        const { writer, text } = this.#reasoning(part.index, undefined);
        writer.end(part);
        return text;
      }
      case 'tool-call-start': {
        const { slot, text } = this.#openItem('fc');
        const writer = new FunctionCallWriter(slot, part);
        this.#writers.push(writer);
        this.#blocks.set(part.index, { kind: 'call', writer });
        return text + writer.open();
      }
      default: {
        const block = this.#blocks.get(part.index);
        if (block?.kind !== 'call') return '';
        if (part.type === 'tool-call-delta') return block.writer.delta(part.arguments);
        block.writer.end(part.signature);
        return '';
      }
    }
  }

  #textDelta(index: number, kind: 'text' | 'refusal', delta: string): string {
    const { block, text } = this.#text(index, kind);
    return text + block.writer.delta(block.part, delta);
  }

  /** The text or refusal block of that index, opened in the last item if that is a message. */
  #text(index: number, kind: 'text' | 'refusal'): { block: Block & { kind: 'text' | 'refusal' }; text: string } {
    const known = this.#blocks.get(index);
    if (known?.kind === kind) return { block: known as Block & { kind: 'text' | 'refusal' }, text: '' };
    const last = this.#writers.at(-1);
    let opened = '';
    let writer: MessageWriter;
    if (last instanceof MessageWriter) writer = last;
    else {
      const { slot, text } = this.#openItem('msg');
      writer = new MessageWriter(slot);
      this.#writers.push(writer);
      opened = text + writer.open();
    }
    const { part, text } = writer.openPart(kind === 'text' ? 'output_text' : 'refusal');
    const block = { kind, writer, part } as const;
    this.#blocks.set(index, block);
    return { block, text: opened + text };
  }

  #reasoning(index: number, id: string | undefined): { writer: ReasoningWriter; text: string } {
    const known = this.#blocks.get(index);
    if (known?.kind === 'reasoning') return { writer: known.writer, text: '' };
    const { slot, text } = this.#openItem('rs', id);
    const writer = new ReasoningWriter(slot);
    this.#writers.push(writer);
    this.#blocks.set(index, { kind: 'reasoning', writer });
    return { writer, text: text + writer.open() };
  }

  #source(part: Part<'source'>): string {
    const named = part.index === undefined ? undefined : this.#blocks.get(part.index);
    const message =
      named?.kind === 'text' ? named.writer : this.#writers.findLast((writer) => writer instanceof MessageWriter);
    return message === undefined || message.item !== undefined ? '' : (message.annotate(part) ?? '');
  }

  #media(part: Part<'media'>): string {
    if (!part.mediaType.startsWith('image/')) return this.#whole('msg', (id) => audioMessage(id, part));
    return this.#whole('ig', (id) => ({
      id,
      type: 'image_generation_call',
      status: 'completed',
      result: part.base64,
      output_format: part.mediaType.slice('image/'.length),
    }));
  }

  /** Of foreign events only finished items of this very dialect can be carried. */
  #raw(value: unknown): string {
    if (!isObject(value) || value['type'] !== 'response.output_item.done') return '';
    const item: Json | undefined = value['item'];
    return isObject(item) ? this.#whole('item', () => item) : '';
  }

  #whole(prefix: string, build: (id: string) => JsonObject): string {
    const { slot, text } = this.#openItem(prefix);
    const writer = new WholeItemWriter(slot, build(slot.id));
    this.#writers.push(writer);
    return text + writer.open();
  }

  /** Place of the next item; closes the items that are complete. */
  #openItem(prefix: string, id?: string): { readonly slot: ItemSlot; readonly text: string } {
    const text = this.#writers
      .filter((writer) => writer.item === undefined && writer.ended)
      .map((writer) => writer.close('completed'))
      .join('');
    const own = id?.startsWith(`${prefix}_`) === true ? id : this.#newId(prefix);
    return { slot: { log: this.#log, id: own, outputIndex: this.#writers.length }, text };
  }
}

function audioMessage(id: string, part: Part<'media'>): JsonObject {
  const content = [{ type: 'output_audio', data: part.base64, transcript: part.transcript ?? '' }];
  return { id, type: 'message', status: 'completed', role: 'assistant', content };
}
