import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { ReasoningEnd, StreamPart } from '../../domain/calls/stream-part.ts';
import { type Finish, readFinish } from './finish-reasons.ts';
import {
  isSigned,
  type ReasoningDetail,
  readReasoningDetails,
  readReasoningText,
  readThinkingPart,
} from './reasoning-fields.ts';
import { ToolCallTracker } from './tool-call-tracker.ts';
import { listOf, objectOf, objectsOf, textOf } from './values.ts';

/** The block of prose being written; tool calls stay open beside it. */
type OpenBlock =
  | { readonly type: 'text' | 'refusal' | 'audio'; readonly index: number }
  | { readonly type: 'reasoning'; readonly index: number; readonly detail: Omit<ReasoningDetail, 'text'> };

const maxSources = 512;

/** Turns deltas of one choice into blocks: opens, continues and closes them as fields come and go. */
export class DeltaReader {
  readonly #calls: ToolCallTracker;
  readonly #sources = new Set<string>();
  readonly #owner = { idSeed: '0', nextIndex: () => this.#count++ };
  #count = 0;
  #open: OpenBlock | undefined;
  #refused = false;
  /** The host streams reasoning as plain text; details only repeat it. */
  #plainReasoning = false;
  #audioType: string | undefined;

  constructor() {
    this.#calls = new ToolCallTracker(this.#owner);
  }

  /** From which the ids of calls without one are made. */
  set idSeed(seed: string) {
    this.#owner.idSeed = seed.replace(/[^\w-]/g, '').slice(-24);
  }

  /** Takes the next delta, or a whole message. */
  read(delta: JsonObject, whole: boolean): StreamPart[] {
    const parts: StreamPart[] = [];
    this.#readReasoning(delta, parts);
    this.#readContent(delta['content'], parts);
    this.#readRefusal(delta['refusal'], parts);
    if (delta['annotations'] !== undefined) parts.push(...this.readSources(delta));
    if (delta['images'] !== undefined || delta['audio'] !== undefined) this.#readMedia(delta, parts);
    const legacy = objectOf(delta['function_call']);
    const calls = objectsOf(delta['tool_calls']);
    if (calls.length > 0 || legacy) parts.push(...this.#close());
    for (const call of calls) parts.push(...this.#calls.push(call, whole));
    if (legacy) parts.push(...this.#calls.push({ index: 0, function: legacy }, whole));
    return parts;
  }

  /** Sources of annotations, and of the lists that searching hosts repeat on every chunk. */
  readSources(holder: JsonObject): StreamPart[] {
    const found = [...objectsOf(holder['annotations']).flatMap(citationOf), ...objectsOf(holder['search_results'])];
    const sources = found.map(({ url, title }) => ({ url: textOf(url), title: textOf(title) }));
    for (const url of listOf(holder['citations'])) sources.push({ url: textOf(url), title: undefined });
    return sources.flatMap(({ url, title }): StreamPart[] => {
      if (url === undefined || this.#sources.has(url) || this.#sources.size >= maxSources) return [];
      this.#sources.add(url);
      return [{ type: 'source', url, ...(title !== undefined && { title }) }];
    });
  }

  /** Closes what is open; `cut` when the upstream never said why it stopped. */
  close(cut: boolean): StreamPart[] {
    return [...this.#close(), ...this.#calls.end(cut)];
  }

  /** Closes all blocks and says why the answer ended. */
  finish(word: string): StreamPart[] {
    const finish: Finish = readFinish(word, { toolCalls: this.#calls.any, refusal: this.#refused });
    return [...this.close(finish.reason === 'length'), { type: 'finish', ...finish }];
  }

  #readReasoning(delta: JsonObject, parts: StreamPart[]): void {
    const text = readReasoningText(delta);
    if (text !== undefined) {
      this.#plainReasoning = true;
      this.#addReasoning(text, parts);
    }
    if (delta['reasoning_details'] === undefined) return;
    for (const detail of readReasoningDetails(delta)) {
      if (detail.text !== '' && !this.#plainReasoning) this.#addReasoning(detail.text, parts);
      if (isSigned(detail)) this.#sign(detail, parts);
    }
  }

  #addReasoning(text: string, parts: StreamPart[]): void {
    // A signature completes its block; more reasoning is another one.
    if (this.#open?.type !== 'reasoning' || isSigned(this.#open.detail)) this.#begin('reasoning', parts);
    parts.push({ type: 'reasoning-delta', index: this.#open?.index ?? 0, text });
  }

  #sign(detail: ReasoningDetail, parts: StreamPart[]): void {
    const { text, ...signed } = detail;
    const open = this.#open;
    const continues = open?.type === 'reasoning' && !isSigned(open.detail);
    // Data without text is a block of its own, unless it is the signature of the text just written.
    if (!continues || (text === '' && signed.signature === undefined)) this.#begin('reasoning', parts, signed.id);
    if (this.#open?.type === 'reasoning') this.#open = { ...this.#open, detail: signed };
  }

  #readContent(content: Json | undefined, parts: StreamPart[]): void {
    if (typeof content === 'string') {
      this.#addText(content, parts);
      return;
    }
    for (const part of objectsOf(content)) {
      if (part['type'] === 'thinking') {
        const text = readThinkingPart(part);
        if (text !== '') this.#addReasoning(text, parts);
      } else if (part['type'] === 'refusal') this.#readRefusal(part['refusal'], parts);
      else if (part['type'] === 'image_url') this.#readImage(part, parts);
      else this.#addText(textOf(part['text']) ?? '', parts);
    }
  }

  #addText(text: string, parts: StreamPart[]): void {
    if (text === '') return;
    if (this.#open?.type !== 'text') this.#begin('text', parts);
    parts.push({ type: 'text-delta', index: this.#open?.index ?? 0, text });
  }

  #readRefusal(value: Json | undefined, parts: StreamPart[]): void {
    const text = textOf(value);
    if (text === undefined) return;
    this.#refused = true;
    if (this.#open?.type !== 'refusal') this.#begin('refusal', parts);
    parts.push({ type: 'refusal-delta', index: this.#open?.index ?? 0, text });
  }

  #readMedia(delta: JsonObject, parts: StreamPart[]): void {
    for (const image of objectsOf(delta['images'])) this.#readImage(image, parts);
    const audio = objectOf(delta['audio']);
    const base64 = textOf(audio?.['data']);
    const transcript = textOf(audio?.['transcript']);
    if (base64 === undefined && transcript === undefined) return;
    if (this.#open?.type !== 'audio') this.#begin('audio', parts);
    if (base64 !== undefined) this.#audioType ??= audioTypeOf(base64);
    parts.push({
      type: 'media',
      index: this.#open?.index ?? 0,
      mediaType: this.#audioType ?? 'audio/pcm',
      base64: base64 ?? '',
      ...(transcript !== undefined && { transcript }),
    });
  }

  #readImage(part: JsonObject, parts: StreamPart[]): void {
    const url = textOf(objectOf(part['image_url'])?.['url']) ?? textOf(part['image_url']) ?? '';
    const [, mediaType, base64] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? [];
    if (mediaType === undefined || base64 === undefined) return;
    parts.push(...this.#close(), { type: 'media', index: this.#count++, mediaType, base64 });
  }

  #begin(type: OpenBlock['type'], parts: StreamPart[], id?: string): void {
    parts.push(...this.#close());
    const index = this.#count++;
    this.#open = type === 'reasoning' ? { type, index, detail: {} } : { type, index };
    if (type === 'text') parts.push({ type: 'text-start', index });
    if (type === 'reasoning') parts.push({ type: 'reasoning-start', index, ...(id !== undefined && { id }) });
  }

  #close(): StreamPart[] {
    const open = this.#open;
    this.#open = undefined;
    if (open?.type === 'text') return [{ type: 'text-end', index: open.index }];
    if (open?.type !== 'reasoning') return [];
    const { signature, redacted, encrypted } = open.detail;
    const end: ReasoningEnd = {
      type: 'reasoning-end',
      index: open.index,
      ...(signature !== undefined && { signature }),
      ...(redacted !== undefined && { redacted }),
      ...(encrypted !== undefined && { encrypted }),
    };
    return [end];
  }
}

function citationOf(annotation: JsonObject): JsonObject[] {
  return [objectOf(annotation['url_citation']) ?? annotation];
}

/** The format was named in the request; the first bytes tell it too. */
function audioTypeOf(base64: string): string {
  if (base64.startsWith('UklGR')) return 'audio/wav';
  if (base64.startsWith('SUQz') || base64.startsWith('//')) return 'audio/mpeg';
  if (base64.startsWith('ZkxhQ')) return 'audio/flac';
  return base64.startsWith('T2dnU') ? 'audio/ogg' : 'audio/pcm';
}
