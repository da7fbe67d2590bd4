import type { Completion } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { FinishReason, StreamPart } from '../../domain/calls/stream-part.ts';
import { isContent } from '../../domain/calls/stream-part.ts';
import { type Usage, type UsageBuckets } from '../../domain/rating/usage.ts';
import type { Clock } from '../../platform/clock.ts';
import { type CompletionCollector, estimateTextTokens, weighText } from '../../protocols/index.ts';

/** Watches the parts of one attempt: usage, finish, first token, and how much was delivered. */
export class AttemptMeter {
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly startedAtMs: number;
  connectedMs: number | undefined;
  firstByteMs: number | undefined;
  firstTokenMs: number | undefined;
  finishReason: FinishReason | undefined;
  upstreamStatus: number | undefined;
  upstreamRequestId: string | undefined;
  malformedEvents = 0;
  readonly #collector: CompletionCollector | undefined;
  #usage: Usage | undefined;
  #delivered = '';
  #deliveredTokens = 0;

  constructor(clock: Clock, collector?: CompletionCollector) {
    this.#clock = clock;
    this.#collector = collector;
    this.startedAtMs = clock.nowMs();
    this.#startedMs = clock.monotonicMs();
  }

  elapsedMs(): number {
    return Math.round((this.#clock.monotonicMs() - this.#startedMs) * 1000) / 1000;
  }

  observe(part: StreamPart): void {
    this.#collector?.push(part);
    switch (part.type) {
      case 'usage':
        this.#usage = part.usage;
        return;
      case 'finish':
        this.finishReason = part.reason;
        return;
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
        this.#count(part.text);
        break;
      case 'tool-call-delta':
        this.#count(part.arguments);
        break;
    }
    if (this.firstTokenMs === undefined && isContent(part)) this.firstTokenMs = this.elapsedMs();
  }

  /** The whole answer, when it was collected and came to a good end. */
  completion(): Completion | undefined {
    const completion = this.#collector?.completion();
    return Fault.is(completion) ? undefined : completion;
  }

  get sawContent(): boolean {
    return this.firstTokenMs !== undefined;
  }

  /** What the provider reported, whatever it was. */
  get reported(): Usage | undefined {
    return this.#usage;
  }

  /**
   * Usage to bill: the provider's when the answer came to its end, else its figures for the input and the larger of
   * its and our count for the output, marked as an estimate. A host writes no more than it was asked for, so neither
   * does the estimate.
   */
  usage(estimateInputTokens: () => number, outputLimitTokens = Number.POSITIVE_INFINITY): Usage {
    if (this.#usage && this.finishReason !== undefined) return this.#usage;
    const output = this.#deliveredTokens + estimateTextTokens(this.#delivered);
    const reported = this.#usage?.buckets ?? {};
    const known = Object.values(reported).some((units) => units !== undefined && units > 0);
    const buckets: UsageBuckets = {
      ...(known ? reported : { input: estimateInputTokens() }),
      output: Math.max(reported.output ?? 0, Math.min(output, outputLimitTokens) - (reported.reasoning ?? 0)),
    };
    return { ...this.#usage, buckets, source: 'estimated' };
  }

  /** Small pieces are gathered before counting: the estimate of a sum is not the sum of rounded-up estimates. */
  #count(text: string): void {
    this.#delivered += text;
    if (this.#delivered.length < 8192) return;
    this.#deliveredTokens += estimateTextTokens(this.#delivered);
    this.#delivered = '';
  }
}

/** Output tokens that some parts hold, unrounded: what comes in pieces adds up to the estimate of the whole. */
export function weighOutput(parts: readonly StreamPart[]): number {
  let tokens = 0;
  for (const part of parts) {
    if (part.type === 'tool-call-delta') tokens += weighText(part.arguments);
    else if (part.type === 'text-delta' || part.type === 'reasoning-delta' || part.type === 'refusal-delta')
      tokens += weighText(part.text);
  }
  return tokens;
}
