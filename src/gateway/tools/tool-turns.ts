import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import { addUsage } from '../../dispatch/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { FinishReason, StreamPart } from '../../domain/calls/stream-part.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import {
  type AnswerContext,
  type AnswerEncoder,
  CompletionCollector,
  type InboundProtocol,
  streamCollectLimits,
} from '../../protocols/index.ts';

/** A call of a tool, as a model wrote it. */
export type CalledTool = Extract<CompletionBlock, { readonly type: 'tool-call' }>;

/** What one call of a model came to. */
export interface ToolTurn {
  readonly completion: Completion;
  /** Calls to run here; none when the turn is the client's, or over. */
  readonly calls: readonly CalledTool[];
}

/** Between what a model says before and after a tool ran. */
const paragraph = '\n\n';

/**
 * Makes one answer of several turns of a model: what it says flows to the client in its own dialect, the calls of tools
 * that run here do not, and end and usage come once. A turn that also calls a tool of the client's goes to the client
 * with that call alone: it knows nothing of the others, and the model may repeat them.
 */
export class ToolTurns {
  readonly #isOwn: (name: string) => boolean;
  readonly #earlier: CompletionBlock[] = [];
  #collector = new CompletionCollector(streamCollectLimits);
  #encoder: AnswerEncoder | undefined;
  #usage: Usage | undefined;
  #isStarted = false;
  /** Blocks of the turn at hand count on from those before. */
  #firstIndex = 0;
  #nextIndex = 0;
  readonly #hidden = new Set<number>();
  /** What a model said before, when what comes next needs a break from it. */
  #needsBreak = false;
  /** The break before the turn at hand was streamed. */
  #hasBreak = false;

  constructor(isOwn: (name: string) => boolean) {
    this.#isOwn = isOwn;
  }

  /** The client's protocol, writing all turns as one answer. */
  wrap(inbound: InboundProtocol): InboundProtocol {
    return {
      ...inbound,
      openEncoder: (context) => this.#open(inbound, context),
      encodeCompletion: (completion, context) => inbound.encodeCompletion(this.whole(completion), context),
    };
  }

  /** What the turn that just ended came to; undefined when too much was said to be kept. */
  turn(whole: Completion | undefined): ToolTurn | undefined {
    const collected = whole ?? this.#collector.completion();
    if (Fault.is(collected)) return undefined;
    const calls = collected.blocks.filter((block) => block.type === 'tool-call');
    const isOurs = calls.length > 0 && calls.every(({ name }) => this.#isOwn(name));
    return { completion: collected, calls: isOurs ? calls : [] };
  }

  /** Goes on to the next turn; what was said and used so far is kept. */
  next({ completion }: ToolTurn): void {
    this.#earlier.push(...this.#broken(this.#visible(completion)));
    this.#hasBreak = false;
    this.#usage = completion.usage ? addUsage(this.#usage, completion.usage) : this.#usage;
    this.#collector = new CompletionCollector(streamCollectLimits);
    this.#firstIndex = this.#nextIndex;
    this.#hidden.clear();
    const last = this.#earlier.findLast((block) => block.type === 'text');
    this.#needsBreak = last !== undefined && last.text !== '' && !/\s$/.test(last.text);
  }

  /** The answer as the client gets it: earlier turns first, tools of this side left out, usage of all together. */
  whole(completion: Completion, reason: FinishReason = this.#reasonOf(completion)): Completion {
    const usage = completion.usage ? addUsage(this.#usage, completion.usage) : this.#usage;
    const { rawReason: _, ...finish } = completion.finish;
    const isSame = reason === completion.finish.reason;
    return {
      ...completion,
      blocks: [...this.#earlier, ...this.#broken(this.#visible(completion))],
      finish: isSame ? completion.finish : { ...finish, reason },
      ...(usage && { usage }),
    };
  }

  /** The end of a streamed answer. */
  close(completion: Completion, reason?: FinishReason): string {
    const encoder = this.#encoder;
    if (!encoder) return '';
    const { usage, finish } = this.whole(completion, reason);
    const told = usage ? encoder.push({ type: 'usage', usage }) : '';
    return told + encoder.push({ type: 'finish', ...finish }) + encoder.end();
  }

  #open(inbound: InboundProtocol, context: AnswerContext): AnswerEncoder {
    const encoder = (this.#encoder ??= inbound.openEncoder(context));
    return {
      push: (part) => this.#push(part, encoder),
      // How the turn ends is known when its tools are: see `close`.
      end: () => '',
      fail: (fault: Fault) => encoder.fail(fault),
    };
  }

  #push(part: StreamPart, encoder: AnswerEncoder): string {
    this.#collector.push(part);
    if (part.type === 'usage' || part.type === 'finish') return '';
    if (part.type === 'start') {
      if (this.#isStarted) return '';
      this.#isStarted = true;
      return encoder.push(part);
    }
    if (!('index' in part) || part.index === undefined) return encoder.push(part);
    if (part.type === 'tool-call-start' && this.#isOwn(part.name)) this.#hidden.add(part.index);
    if (this.#hidden.has(part.index)) return '';
    const index = this.#firstIndex + part.index;
    this.#nextIndex = Math.max(this.#nextIndex, index + 1);
    if (part.type !== 'text-delta' || part.text === '') return encoder.push({ ...part, index });
    return encoder.push({ ...part, index, text: this.#takeBreak() + part.text });
  }

  #takeBreak(): string {
    const isNeeded = this.#needsBreak;
    this.#needsBreak = false;
    this.#hasBreak ||= isNeeded;
    return isNeeded ? paragraph : '';
  }

  /** Whole answers have the break where streams have it. */
  #broken(blocks: readonly CompletionBlock[]): readonly CompletionBlock[] {
    const first =
      this.#needsBreak || this.#hasBreak ? blocks.findIndex((block) => block.type === 'text' && block.text !== '') : -1;
    return blocks.map((block, at) =>
      at === first && block.type === 'text' ? { ...block, text: paragraph + block.text } : block,
    );
  }

  #visible({ blocks }: Completion): readonly CompletionBlock[] {
    return blocks.filter((block) => block.type !== 'tool-call' || !this.#isOwn(block.name));
  }

  /** A turn whose calls all stay here and are not answered any more was cut short. */
  #reasonOf({ blocks, finish }: Completion): FinishReason {
    if (finish.reason !== 'tool-calls') return finish.reason;
    return blocks.some((block) => block.type === 'tool-call' && !this.#isOwn(block.name)) ? finish.reason : 'length';
  }
}
