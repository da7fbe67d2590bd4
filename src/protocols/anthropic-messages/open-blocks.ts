import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { isObject } from '../shared/field-reader.ts';
import { anthropicDialect } from './dialect-name.ts';
import { readCitation } from './read-citation.ts';
import { stringifyExact } from '../shared/exact-json.ts';

interface TextBlock {
  readonly kind: 'text';
  readonly index: number;
}
interface ReasoningBlock {
  readonly kind: 'reasoning';
  readonly index: number;
  signature: string;
  readonly redacted?: string;
}
interface ToolBlock {
  readonly kind: 'tool';
  readonly index: number;
  /** Arguments that came whole with the start; used only when no delta follows. */
  readonly input: string;
  streamed: boolean;
}
/** A block without a word in the common vocabulary: all of its events travel raw. */
interface RawBlock {
  readonly kind: 'raw';
}
type OpenBlock = TextBlock | ReasoningBlock | ToolBlock | RawBlock;

/** The content blocks of one upstream message, by their number on the wire. */
export class OpenBlocks {
  readonly #open = new Map<number, OpenBlock>();
  #nextIndex = 0;

  start(event: JsonObject): StreamPart[] {
    const at = numberOf(event);
    const block = isObject(event['content_block']) ? event['content_block'] : {};
    const closing = this.#close(at);
    return [...closing, ...this.#startOf(at, block, event)];
  }

  delta(event: JsonObject): StreamPart[] {
    const delta = isObject(event['delta']) ? event['delta'] : {};
    const at = numberOf(event);
    const opening = this.#open.has(at) ? [] : this.#openFor(at, delta);
    const block = this.#open.get(at);
    if (block === undefined) throw new TypeError(`delta of block ${at}, which was never started`);
    return [...opening, ...deltaOf(block, delta, event)];
  }

  stop(event: JsonObject): StreamPart[] {
    const at = numberOf(event);
    const raw: StreamPart[] = this.#open.get(at)?.kind === 'raw' ? [{ type: 'raw', value: event }] : [];
    return [...raw, ...this.#close(at)];
  }

  /** Ends whatever the upstream left open. */
  closeAll(): StreamPart[] {
    return [...this.#open.keys()].flatMap((at) => this.#close(at));
  }

  #startOf(at: number, block: JsonObject, event: JsonObject): StreamPart[] {
    switch (block['type']) {
      case 'text':
        return [...this.#openText(at), ...textOf(block, this.#nextIndex - 1)];
      case 'thinking':
        return this.#openReasoning(at, block);
      case 'redacted_thinking':
        return this.#openReasoning(at, block);
      case 'tool_use':
        return this.#openTool(at, block);
      default:
        this.#open.set(at, { kind: 'raw' });
        return [{ type: 'raw', value: event }];
    }
  }

  /** Some hosts leave out the start of text and thinking blocks. */
  #openFor(at: number, delta: JsonObject): StreamPart[] {
    switch (delta['type']) {
      case 'text_delta':
        return this.#openText(at);
      case 'thinking_delta':
      case 'signature_delta':
        return this.#openReasoning(at, {});
      default:
        return [];
    }
  }

  #openText(at: number): StreamPart[] {
    const index = this.#nextIndex++;
    this.#open.set(at, { kind: 'text', index });
    return [{ type: 'text-start', index }];
  }

  #openReasoning(at: number, block: JsonObject): StreamPart[] {
    const index = this.#nextIndex++;
    const { signature, data, thinking } = block;
    this.#open.set(at, {
      kind: 'reasoning',
      index,
      signature: typeof signature === 'string' ? signature : '',
      ...(typeof data === 'string' && { redacted: data }),
    });
    const start: StreamPart = { type: 'reasoning-start', index };
    return typeof thinking === 'string' && thinking !== ''
      ? [start, { type: 'reasoning-delta', index, text: thinking }]
      : [start];
  }

  #openTool(at: number, block: JsonObject): StreamPart[] {
    const index = this.#nextIndex++;
    const { id, name, input } = block;
    if (typeof id !== 'string' || typeof name !== 'string') throw new TypeError('tool_use without id or name');
    this.#open.set(at, { kind: 'tool', index, input: stringifyExact(input ?? {}), streamed: false });
    return [{ type: 'tool-call-start', index, id, name }];
  }

  #close(at: number): StreamPart[] {
    const block = this.#open.get(at);
    this.#open.delete(at);
    switch (block?.kind) {
      case 'text':
        return [{ type: 'text-end', index: block.index }];
      case 'reasoning':
        return [reasoningEnd(block)];
      case 'tool':
        return block.streamed
          ? [{ type: 'tool-call-end', index: block.index }]
          : [
              { type: 'tool-call-delta', index: block.index, arguments: block.input },
              { type: 'tool-call-end', index: block.index },
            ];
      default:
        return [];
    }
  }
}

function deltaOf(block: OpenBlock, delta: JsonObject, event: JsonObject): StreamPart[] {
  if (block.kind === 'raw') return [{ type: 'raw', value: event }];
  const { index } = block;
  switch (delta['type']) {
    case 'text_delta':
      expectKind(block, 'text');
      return [{ type: 'text-delta', index, text: stringOf(delta['text']) }];
    case 'thinking_delta':
      expectKind(block, 'reasoning');
      return [{ type: 'reasoning-delta', index, text: stringOf(delta['thinking']) }];
    case 'signature_delta':
      if (block.kind === 'reasoning') block.signature += stringOf(delta['signature']);
      return [];
    case 'input_json_delta':
      return toolDelta(block, stringOf(delta['partial_json']));
    case 'citations_delta': {
      const source = readCitation(delta['citation']);
      return source === undefined ? [{ type: 'raw', value: event }] : [{ type: 'source', index, ...source }];
    }
    default:
      return [{ type: 'raw', value: event }];
  }
}

/** Dropped, such a delta would be lost without a word; passed on, it would go to a block that cannot hold it. */
function expectKind(block: OpenBlock, kind: OpenBlock['kind']): void {
  if (block.kind !== kind) throw new TypeError(`a ${kind} delta in a ${block.kind} block`);
}

function toolDelta(block: OpenBlock, text: string): StreamPart[] {
  if (block.kind !== 'tool' || text === '') return [];
  block.streamed = true;
  return [{ type: 'tool-call-delta', index: block.index, arguments: text }];
}

function reasoningEnd(block: ReasoningBlock): StreamPart {
  const { index, signature, redacted } = block;
  const proven = signature !== '' || redacted !== undefined;
  return {
    type: 'reasoning-end',
    index,
    ...(signature !== '' && { signature }),
    ...(redacted !== undefined && { redacted }),
    ...(proven && { provenance: anthropicDialect }),
  };
}

function textOf(block: JsonObject, index: number): StreamPart[] {
  const citations = Array.isArray(block['citations']) ? block['citations'] : [];
  const sources = citations.flatMap((citation): StreamPart[] => {
    const source = readCitation(citation);
    return source === undefined ? [] : [{ type: 'source', index, ...source }];
  });
  const text = stringOf(block['text']);
  return text === '' ? sources : [{ type: 'text-delta', index, text }, ...sources];
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(event: JsonObject): number {
  const at = event['index'];
  if (typeof at !== 'number') throw new TypeError('block event without index');
  return at;
}
