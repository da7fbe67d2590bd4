import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { added, finished, type ItemSlot, type OutputWriter, place } from './output-writers.ts';

type Source = Extract<StreamPart, { readonly type: 'source' }>;

interface OpenPart {
  readonly kind: 'output_text' | 'refusal';
  readonly contentIndex: number;
  readonly annotations: JsonObject[];
  text: string;
  ended: boolean;
}

/**
 * A `message` item: consecutive text and refusal blocks are its content parts. Parts close with the item, so that
 * citations that arrive after the text still find their place.
 */
export class MessageWriter implements OutputWriter {
  item: JsonObject | undefined;
  readonly #slot: ItemSlot;
  readonly #parts: OpenPart[] = [];

  constructor(slot: ItemSlot) {
    this.#slot = slot;
  }

  get ended(): boolean {
    return this.#parts.every((part) => part.ended);
  }

  open(): string {
    return added(this.#slot, this.#build('in_progress', []));
  }

  /** Opens a content part; the number returned names it in later calls. */
  openPart(kind: OpenPart['kind']): { readonly part: number; readonly text: string } {
    const contentIndex = this.#parts.length;
    const part: OpenPart = { kind, contentIndex, annotations: [], text: '', ended: kind === 'refusal' };
    this.#parts.push(part);
    return { part: contentIndex, text: this.#write('content_part.added', part, { part: contentOf(part) }) };
  }

  delta(index: number, text: string): string {
    const part = this.#parts[index];
    if (part === undefined || text === '') return '';
    part.text += text;
    if (part.kind === 'refusal') return this.#write('refusal.delta', part, { delta: text });
    return this.#write('output_text.delta', part, { delta: text, logprobs: [] });
  }

  endPart(index: number): void {
    const part = this.#parts[index];
    if (part !== undefined) part.ended = true;
  }

  /** Attaches a citation to the last text; false when there is none. */
  annotate(source: Source): string | undefined {
    const part = this.#parts.findLast((candidate) => candidate.kind === 'output_text');
    if (part === undefined) return undefined;
    const end = part.text.length;
    const start = source.citedText === undefined ? -1 : part.text.lastIndexOf(source.citedText);
    const annotation = {
      type: 'url_citation',
      start_index: start < 0 ? end : start,
      end_index: start < 0 ? end : start + (source.citedText?.length ?? 0),
      url: source.url,
      title: source.title ?? '',
    };
    const fields = { annotation_index: part.annotations.length, annotation };
    part.annotations.push(annotation);
    return this.#write('output_text.annotation.added', part, fields);
  }

  close(status: 'completed' | 'incomplete'): string {
    const closed = this.#parts.map((part) => this.#closePart(part)).join('');
    this.item = this.#build(status, this.#parts.map(contentOf));
    return closed + finished(this.#slot, this.item);
  }

  #closePart(part: OpenPart): string {
    const done =
      part.kind === 'refusal'
        ? this.#write('refusal.done', part, { refusal: part.text })
        : this.#write('output_text.done', part, { text: part.text, logprobs: [] });
    return done + this.#write('content_part.done', part, { part: contentOf(part) });
  }

  #write(event: string, part: OpenPart, fields: JsonObject): string {
    const { log } = this.#slot;
    return log.write(`response.${event}`, { ...place(this.#slot), content_index: part.contentIndex, ...fields });
  }

  #build(status: string, content: readonly JsonObject[]): JsonObject {
    return { id: this.#slot.id, type: 'message', status, content, role: 'assistant' };
  }
}

function contentOf(part: OpenPart): JsonObject {
  if (part.kind === 'refusal') return { type: 'refusal', refusal: part.text };
  return { type: 'output_text', annotations: [...part.annotations], logprobs: [], text: part.text };
}
