import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { Usage } from '../../domain/rating/usage.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type BlockType = CompletionBlock['type'];
type Open<T extends BlockType> = Mutable<Extract<CompletionBlock, { readonly type: T }>>;
type AnyOpen = { [T in BlockType]: Open<T> }[BlockType];
type Finish = Extract<StreamPart, { readonly type: 'finish' }>;
type Start = Extract<StreamPart, { readonly type: 'start' }>;

/** How much of an answer is kept in memory at once. */
export interface CollectLimits {
  /** Characters of all blocks together. */
  readonly maxLength: number;
  readonly maxBlocks: number;
}

/** For streams, which nothing else bounds; answers read whole are bounded by their body. */
export const streamCollectLimits: CollectLimits = { maxLength: 16 * 1024 * 1024, maxBlocks: 10_000 };

/**
 * Assembles the parts of a streamed answer into a whole one, part by part, so that caches and non-streaming clients
 * can be served from a stream.
 */
export class CompletionCollector {
  readonly #blocks: AnyOpen[] = [];
  readonly #byIndex = new Map<number, AnyOpen>();
  #start: Start | undefined;
  #usage: Usage | undefined;
  #finish: Finish | undefined;
  #fault: Fault | undefined;
  #length = 0;
  readonly #limits: CollectLimits | undefined;

  constructor(limits?: CollectLimits) {
    this.#limits = limits;
  }

  /** Takes the next part. */
  push(part: StreamPart): void {
    if (this.#limits !== undefined && !this.#fits(part, this.#limits)) return;
    switch (part.type) {
      case 'start':
        this.#start ??= part;
        return;
      case 'usage':
        this.#usage = part.usage;
        return;
      case 'finish':
        this.#finish = part;
        return;
      case 'error':
        this.#fault ??= part.fault;
        return;
      default:
        this.#pushBlock(part);
    }
  }

  #fits(part: StreamPart, { maxLength, maxBlocks }: CollectLimits): boolean {
    if (this.#length > maxLength) return false;
    this.#length += lengthOf(part);
    if (this.#length <= maxLength && this.#blocks.length <= maxBlocks) return true;
    this.#length = Number.POSITIVE_INFINITY;
    // What was kept is of no use any more.
    this.#blocks.length = 0;
    this.#byIndex.clear();
    this.#fault ??= new Fault('too_large', { message: 'The answer is too long to be kept in memory.' });
    return false;
  }

  /** The answer so far, whether or not the stream came to a good end: what an aborted exchange has delivered. */
  partial(): Completion {
    const finish = this.#finish;
    return {
      id: this.#start?.id,
      model: this.#start?.model,
      createdAtS: this.#start?.createdAtS,
      blocks: this.#blocks,
      finish: {
        reason: finish?.reason ?? 'other',
        rawReason: finish?.rawReason,
        stopSequence: finish?.stopSequence,
      },
      usage: this.#usage,
    };
  }

  /** The whole answer, or the fault that ended it; a stream without a finish reason is `truncated`. */
  completion(): Completion | Fault {
    return this.#fault ?? (this.#finish === undefined ? new Fault('truncated') : this.partial());
  }

  #pushBlock(part: StreamPart): void {
    switch (part.type) {
      case 'text-start':
        this.#block(part.index, 'text');
        return;
      case 'text-delta':
        this.#block(part.index, 'text').text += part.text;
        return;
      case 'refusal-delta':
        this.#block(part.index, 'refusal').text += part.text;
        return;
      case 'reasoning-start': {
        const block = this.#block(part.index, 'reasoning');
        if (part.id !== undefined) block.id = part.id;
        return;
      }
      case 'reasoning-delta':
        this.#block(part.index, 'reasoning').text += part.text;
        return;
      case 'reasoning-end': {
        const block = this.#block(part.index, 'reasoning');
        if (part.signature !== undefined) block.signature = part.signature;
        if (part.redacted !== undefined) block.redacted = part.redacted;
        if (part.encrypted !== undefined) block.encrypted = part.encrypted;
        if (part.provenance !== undefined) block.provenance = part.provenance;
        return;
      }
      default:
        this.#pushOther(part);
    }
  }

  #pushOther(part: StreamPart): void {
    switch (part.type) {
      case 'tool-call-start': {
        const block = this.#block(part.index, 'tool-call');
        block.id = part.id;
        block.name = part.name;
        return;
      }
      case 'tool-call-delta':
        this.#block(part.index, 'tool-call').arguments += part.arguments;
        return;
      case 'tool-call-end':
        if (part.signature !== undefined) this.#block(part.index, 'tool-call').signature = part.signature;
        return;
      case 'media':
        this.#pushMedia(part);
        return;
      case 'source': {
        const { url, title, citedText } = part;
        this.#blocks.push({
          type: 'source',
          url,
          ...(title !== undefined && { title }),
          ...(citedText !== undefined && { citedText }),
        });
        return;
      }
      default:
    }
  }

  /** Media of one index arrives in pieces (spoken answers): each piece is base64 of its own. */
  #pushMedia(part: Extract<StreamPart, { readonly type: 'media' }>): void {
    const block = this.#block(part.index, 'media');
    block.mediaType = part.mediaType;
    block.base64 = joinBase64(block.base64, part.base64);
    if (part.transcript !== undefined) block.transcript = (block.transcript ?? '') + part.transcript;
  }

  #block<T extends BlockType>(index: number, type: T): Open<T> {
    const known = this.#byIndex.get(index);
    if (known?.type === type) return known as Open<T>;
    const opened = openBlock(type);
    this.#blocks.push(opened);
    this.#byIndex.set(index, opened);
    return opened as Open<T>;
  }
}

/** Assembles a finished stream; the fault if it failed or was cut. */
export function collectCompletion(parts: Iterable<StreamPart>): Completion | Fault {
  const collector = new CompletionCollector();
  for (const part of parts) collector.push(part);
  return collector.completion();
}

/** Plays a whole answer as the stream it could have been: caches and the simulator serve streaming clients with it. */
export function completionToParts(completion: Completion): StreamPart[] {
  const { id, model, createdAtS } = completion;
  const parts: StreamPart[] = [
    {
      type: 'start',
      ...(id !== undefined && { id }),
      ...(model !== undefined && { model }),
      ...(createdAtS !== undefined && { createdAtS }),
    },
  ];
  let index = 0;
  for (const block of completion.blocks) {
    if (block.type === 'source') parts.push(block);
    else parts.push(...blockToParts(block, index++));
  }
  if (completion.usage !== undefined) parts.push({ type: 'usage', usage: completion.usage });
  parts.push({ type: 'finish', ...completion.finish });
  return parts;
}

function blockToParts(block: Exclude<CompletionBlock, { readonly type: 'source' }>, index: number): StreamPart[] {
  switch (block.type) {
    case 'text':
      return [
        { type: 'text-start', index },
        { type: 'text-delta', index, text: block.text },
        { type: 'text-end', index },
      ];
    case 'refusal':
      return [{ type: 'refusal-delta', index, text: block.text }];
    case 'media':
      return [{ ...block, index }];
    case 'tool-call':
      return [
        { type: 'tool-call-start', index, id: block.id, name: block.name },
        { type: 'tool-call-delta', index, arguments: block.arguments },
        { type: 'tool-call-end', index, ...(block.signature !== undefined && { signature: block.signature }) },
      ];
    case 'reasoning': {
      const { id, text, signature, redacted, encrypted, provenance } = block;
      const start: StreamPart = { type: 'reasoning-start', index, ...(id !== undefined && { id }) };
      const end: StreamPart = {
        type: 'reasoning-end',
        index,
        ...(signature !== undefined && { signature }),
        ...(redacted !== undefined && { redacted }),
        ...(encrypted !== undefined && { encrypted }),
        ...(provenance !== undefined && { provenance }),
      };
      return text === '' ? [start, end] : [start, { type: 'reasoning-delta', index, text }, end];
    }
  }
}

function lengthOf(part: StreamPart): number {
  switch (part.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
      return part.text.length;
    case 'tool-call-delta':
      return part.arguments.length;
    case 'reasoning-end':
      return (part.signature?.length ?? 0) + (part.encrypted?.length ?? 0);
    case 'media':
      return part.base64.length;
    case 'source':
      return part.url.length + (part.citedText?.length ?? 0);
    default:
      return 0;
  }
}

function openBlock(type: BlockType): AnyOpen {
  switch (type) {
    case 'tool-call':
      return { type, id: '', name: '', arguments: '' };
    case 'media':
      return { type, mediaType: '', base64: '' };
    case 'source':
      return { type, url: '' };
    default:
      return { type, text: '' };
  }
}

function joinBase64(first: string, second: string): string {
  // Without padding and a whole number of groups, the texts join as they are.
  if (first.length % 4 === 0 && !first.endsWith('=')) return first + second;
  return Buffer.concat([Buffer.from(first, 'base64'), Buffer.from(second, 'base64')]).toString('base64');
}
