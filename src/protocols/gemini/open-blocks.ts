import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { PartialArguments } from './partial-arguments.ts';

type Open =
  | { readonly kind: 'text'; readonly index: number }
  | { readonly kind: 'reasoning'; readonly index: number; signature?: string }
  | { readonly kind: 'tool-call'; readonly index: number; readonly pieces: PartialArguments; signature?: string };

/** Numbers the blocks of an answer whose wire format has none: a block ends where something else begins. */
export class OpenBlocks {
  #next = 0;
  #open: Open | undefined;
  #sawToolCall = false;

  /** Has the answer called a tool? Gemini's finish reason does not tell. */
  get sawToolCall(): boolean {
    return this.#sawToolCall;
  }

  text(text: string, parts: StreamPart[]): void {
    if (this.#open?.kind !== 'text') {
      this.close(parts);
      this.#open = { kind: 'text', index: this.#next++ };
      parts.push({ type: 'text-start', index: this.#open.index });
    }
    parts.push({ type: 'text-delta', index: this.#open.index, text });
  }

  reasoning(text: string, signature: string | undefined, parts: StreamPart[]): void {
    if (this.#open?.kind !== 'reasoning') {
      this.close(parts);
      this.#open = { kind: 'reasoning', index: this.#next++ };
      parts.push({ type: 'reasoning-start', index: this.#open.index });
    }
    const open = this.#open;
    if (text !== '') parts.push({ type: 'reasoning-delta', index: open.index, text });
    if (signature !== undefined) open.signature = signature;
  }

  startToolCall(call: { id: string; name: string; signature: string | undefined }, parts: StreamPart[]): void {
    this.close(parts);
    this.#sawToolCall = true;
    const { id, name, signature } = call;
    const index = this.#next++;
    this.#open = {
      kind: 'tool-call',
      index,
      pieces: new PartialArguments(),
      ...(signature !== undefined && { signature }),
    };
    parts.push({ type: 'tool-call-start', index, id, name });
  }

  /** Takes arguments of the open call, whole or in pieces. */
  pushArguments(args: JsonObject | undefined, pieces: readonly JsonObject[], signature: string | undefined): void {
    const open = this.#open;
    if (open?.kind !== 'tool-call') return;
    if (args !== undefined) open.pieces.assign(args);
    for (const piece of pieces) open.pieces.add(piece);
    if (signature !== undefined) open.signature = signature;
  }

  media(mediaType: string, base64: string, parts: StreamPart[]): void {
    this.close(parts);
    parts.push({ type: 'media', index: this.#next++, mediaType, base64 });
  }

  /** Ends the open block, if any; a call whose last piece never came is closed with what it has. */
  close(parts: StreamPart[]): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    const { index } = open;
    if (open.kind === 'text') {
      parts.push({ type: 'text-end', index });
      return;
    }
    if (open.kind === 'tool-call') parts.push({ type: 'tool-call-delta', index, arguments: open.pieces.toJson() });
    const signed = open.signature !== undefined && { signature: open.signature };
    if (open.kind === 'tool-call') parts.push({ type: 'tool-call-end', index, ...signed });
    else parts.push({ type: 'reasoning-end', index, ...signed, ...(signed && { provenance: 'gemini' }) });
  }
}
