import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { type Frame, schemaToolName, type StreamDecoder } from '../contract.ts';

/**
 * Hides the forced tool that emulates structured output: its arguments become the answer's text. Text the model wrote
 * besides is held until it is clear whether the tool comes, and then falls away: the answer must be JSON alone.
 */
export function unwrapSchemaTool(decoder: StreamDecoder): StreamDecoder {
  const unwrapper = new SchemaToolUnwrapper();
  const unwrap = (frame: Frame): Frame => ({ ...frame, parts: frame.parts.flatMap((part) => unwrapper.push(part)) });
  return {
    push: (chunk) => decoder.push(chunk).map(unwrap),
    end: () => {
      const frames = decoder.end().map(unwrap);
      const held = unwrapper.release();
      const last: Frame = { bytes: Buffer.alloc(0), parts: held, terminal: false, usageOnly: false };
      return held.length > 0 ? [...frames, last] : frames;
    },
    get position() {
      return decoder.position;
    },
  };
}

/** The same for a whole answer. */
export function unwrapSchemaCompletion(completion: Completion | Fault): Completion | Fault {
  if (Fault.is(completion) || !completion.blocks.some(isSchemaCall)) return completion;
  const blocks = completion.blocks
    .filter((block) => block.type !== 'text')
    .map((block): CompletionBlock => (isSchemaCall(block) ? { type: 'text', text: block.arguments } : block));
  const { finish } = completion;
  const done = finish.reason === 'tool-calls' && !blocks.some((block) => block.type === 'tool-call');
  return { ...completion, blocks, finish: done ? { reason: 'stop' } : finish };
}

function isSchemaCall(block: CompletionBlock): block is Extract<CompletionBlock, { readonly type: 'tool-call' }> {
  return block.type === 'tool-call' && block.name === schemaToolName;
}

class SchemaToolUnwrapper {
  #held: StreamPart[] = [];
  readonly #answers = new Set<number>();
  readonly #numbers = new Map<number, number>();
  #otherCalls = false;

  push(part: StreamPart): StreamPart[] {
    switch (part.type) {
      case 'start':
        this.#reset();
        return [part];
      case 'text-start':
      case 'text-delta':
      case 'text-end':
        if (this.#answers.size === 0) this.#held.push(part);
        return [];
      case 'tool-call-start':
        return this.#startCall(part);
      case 'tool-call-delta':
        return this.#answers.has(part.index)
          ? [this.#renumber({ type: 'text-delta', index: part.index, text: part.arguments })]
          : [this.#renumber(part)];
      case 'tool-call-end':
        return this.#answers.has(part.index)
          ? [this.#renumber({ type: 'text-end', index: part.index })]
          : [this.#renumber(part)];
      case 'finish':
        return [...this.release(), this.#finish(part)];
      default:
        return [this.#renumber(part)];
    }
  }

  /** Text that no tool call has replaced after all. */
  release(): StreamPart[] {
    const held = this.#held.map((part) => this.#renumber(part));
    this.#held = [];
    return held;
  }

  #startCall(part: Extract<StreamPart, { readonly type: 'tool-call-start' }>): StreamPart[] {
    if (part.name !== schemaToolName) {
      this.#otherCalls = true;
      return [...this.release(), this.#renumber(part)];
    }
    this.#held = [];
    this.#answers.add(part.index);
    return [this.#renumber({ type: 'text-start', index: part.index })];
  }

  #finish(part: Extract<StreamPart, { readonly type: 'finish' }>): StreamPart {
    const done = part.reason === 'tool-calls' && this.#answers.size > 0 && !this.#otherCalls;
    return done ? { type: 'finish', reason: 'stop' } : part;
  }

  /** Blocks that fell away leave no gap in the numbers. */
  #renumber(part: StreamPart): StreamPart {
    if (!('index' in part) || part.index === undefined) return part;
    const number = this.#numbers.get(part.index) ?? this.#numbers.size;
    this.#numbers.set(part.index, number);
    return { ...part, index: number };
  }

  #reset(): void {
    this.#held = [];
    this.#answers.clear();
    this.#numbers.clear();
    this.#otherCalls = false;
  }
}
