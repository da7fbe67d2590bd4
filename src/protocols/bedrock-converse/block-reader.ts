import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { isObject } from '../shared/field-reader.ts';
import { wordOf } from '../shared/word-of.ts';

/** Only Anthropic's models sign here, and Anthropic documents their signatures as valid on every platform. */
const signatureIssuer = 'anthropic-messages';

type OpenText = { readonly kind: 'text'; readonly index: number };
type OpenReasoning = { readonly kind: 'reasoning'; readonly index: number; signature?: string; redacted?: string };
type Open =
  | OpenText
  | OpenReasoning
  | { readonly kind: 'tool-call'; readonly index: number; hasArguments: boolean }
  | { readonly kind: 'image'; readonly index: number; readonly mediaType: string };

/**
 * Reads content blocks. Only some kinds are announced by a start and hosts may leave out a stop: the first delta opens
 * a block as well, and the next block or the end closes it.
 */
export class BlockReader {
  readonly #open = new Map<number, Open>();
  #next = 0;

  read(
    type: 'contentBlockStart' | 'contentBlockDelta' | 'contentBlockStop',
    event: JsonObject,
    parts: StreamPart[],
  ): void {
    const position = event['contentBlockIndex'];
    const at = typeof position === 'number' ? position : 0;
    if (type === 'contentBlockStop') this.#close(at, parts);
    else if (type === 'contentBlockStart') this.#start(at, event['start'], parts);
    else this.#delta(at, event['delta'], parts);
  }

  /** Closes whatever was not closed by the upstream. */
  closeAll(parts: StreamPart[]): void {
    for (const at of this.#open.keys()) this.#close(at, parts);
  }

  #start(at: number, start: unknown, parts: StreamPart[]): void {
    if (!isObject(start)) return;
    this.#makeRoom(at, parts);
    const { toolUse, image } = start;
    if (isObject(toolUse)) {
      const index = this.#next++;
      this.#open.set(at, { kind: 'tool-call', index, hasArguments: false });
      parts.push({
        type: 'tool-call-start',
        index,
        id: wordOf(toolUse['toolUseId']),
        name: wordOf(toolUse['name']),
      });
    } else if (isObject(image)) {
      const format = wordOf(image['format'], 'png');
      this.#open.set(at, { kind: 'image', index: this.#next++, mediaType: `image/${format}` });
    } else parts.push({ type: 'raw', value: start });
  }

  #delta(at: number, delta: unknown, parts: StreamPart[]): void {
    if (!isObject(delta)) return;
    const { text, toolUse, reasoningContent, image, citation } = delta;
    if (typeof text === 'string') {
      const { index } = this.#openedText(at, parts);
      if (text !== '') parts.push({ type: 'text-delta', index, text });
    } else if (isObject(toolUse)) this.#pushInput(at, toolUse, parts);
    else if (isObject(reasoningContent)) this.#pushReasoning(at, reasoningContent, parts);
    else if (isObject(image)) this.#pushImage(at, image, parts);
    else if (isObject(citation)) parts.push(...readCitation(citation));
    else parts.push({ type: 'raw', value: delta });
  }

  #pushInput(at: number, toolUse: JsonObject, parts: StreamPart[]): void {
    const open = this.#open.get(at);
    const { input } = toolUse;
    if (open?.kind !== 'tool-call' || typeof input !== 'string' || input === '') return;
    open.hasArguments = true;
    parts.push({ type: 'tool-call-delta', index: open.index, arguments: input });
  }

  #pushReasoning(at: number, reasoning: JsonObject, parts: StreamPart[]): void {
    const open = this.#openedReasoning(at, parts);
    const { text, signature, redactedContent } = reasoning;
    if (typeof text === 'string' && text !== '') parts.push({ type: 'reasoning-delta', index: open.index, text });
    if (typeof signature === 'string') open.signature = (open.signature ?? '') + signature;
    if (typeof redactedContent === 'string') open.redacted = (open.redacted ?? '') + redactedContent;
  }

  #pushImage(at: number, image: JsonObject, parts: StreamPart[]): void {
    const open = this.#open.get(at);
    const base64 = isObject(image['source']) ? image['source']['bytes'] : undefined;
    if (open?.kind !== 'image' || typeof base64 !== 'string') return;
    parts.push({ type: 'media', index: open.index, mediaType: open.mediaType, base64 });
  }

  #openedText(at: number, parts: StreamPart[]): OpenText {
    const known = this.#open.get(at);
    if (known?.kind === 'text') return known;
    this.#makeRoom(at, parts);
    const opened: OpenText = { kind: 'text', index: this.#next++ };
    this.#open.set(at, opened);
    parts.push({ type: 'text-start', index: opened.index });
    return opened;
  }

  #openedReasoning(at: number, parts: StreamPart[]): OpenReasoning {
    const known = this.#open.get(at);
    if (known?.kind === 'reasoning') return known;
    this.#makeRoom(at, parts);
    const opened: OpenReasoning = { kind: 'reasoning', index: this.#next++ };
    this.#open.set(at, opened);
    parts.push({ type: 'reasoning-start', index: opened.index });
    return opened;
  }

  /** Closes what was at this place, and text or reasoning elsewhere: calls are told their end, even out of order. */
  #makeRoom(at: number, parts: StreamPart[]): void {
    for (const [other, { kind }] of this.#open) {
      if (other === at || kind === 'text' || kind === 'reasoning') this.#close(other, parts);
    }
  }

  #close(at: number, parts: StreamPart[]): void {
    const open = this.#open.get(at);
    this.#open.delete(at);
    if (open === undefined || open.kind === 'image') return;
    const { index } = open;
    if (open.kind === 'reasoning') {
      const { signature, redacted } = open;
      parts.push({
        type: 'reasoning-end',
        index,
        ...(signature !== undefined && { signature, provenance: signatureIssuer }),
        ...(redacted !== undefined && { redacted, provenance: 'bedrock-converse' }),
      });
      return;
    }
    // A call without any input is a call without arguments, which other dialects spell as an empty object.
    if (open.kind === 'tool-call' && !open.hasArguments)
      parts.push({ type: 'tool-call-delta', index, arguments: '{}' });
    parts.push({ type: `${open.kind}-end`, index });
  }
}

/** Citations of web pages have an address; those of the client's own documents are named by their title only. */
export function readCitation(citation: JsonObject): StreamPart[] {
  const { location, title } = citation;
  const web = isObject(location) ? location['web'] : undefined;
  const url = isObject(web) ? web['url'] : undefined;
  if (typeof url !== 'string') return [{ type: 'raw', value: { citation } }];
  return [{ type: 'source', url, ...(typeof title === 'string' && { title }) }];
}
