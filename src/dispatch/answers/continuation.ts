import type { ModelCall } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { totalOutput, type Usage, type UsageBuckets, usageBuckets } from '../../domain/rating/usage.ts';
import { estimateTextTokens } from '../../protocols/index.ts';

/** Shorter repetitions are more likely a real repetition of the text than a host that starts over. */
const minOverlap = 12;
const maxOverlap = 2000;
/** Longer answers are not continued, and their text is not kept. */
const maxTextLength = 1024 * 1024;

/**
 * What a cut stream leaves for another endpoint to continue: the text already sent as an assistant prefix. Only plain
 * text can be continued: an open tool call, signed thinking or media cannot be picked up in the middle.
 */
export class Continuation {
  #text = '';
  #openText: number | undefined;
  #blocked = false;
  #isSecond = false;
  /** What the second upstream said so far, as long as it may be a repetition; undefined once that is known. */
  #seam: string | undefined;
  #firstUsage: Usage | undefined;
  #usage: Usage | undefined;

  /** May the text sent so far be continued elsewhere? */
  get isPossible(): boolean {
    return !this.#blocked && this.#text.trim() !== '';
  }

  /** Notes a part of the first upstream on its way to the client. */
  observe(part: StreamPart): void {
    switch (part.type) {
      case 'text-start':
        this.#openText = part.index;
        return;
      case 'text-delta':
        this.#openText = part.index;
        this.#append(part.text);
        return;
      case 'text-end':
        this.#openText = undefined;
        return;
      case 'usage':
        this.#usage = part.usage;
        return;
      case 'tool-call-start':
      case 'media':
      case 'refusal-delta':
      case 'reasoning-start':
      case 'reasoning-delta':
        this.#blocked = true;
    }
  }

  /** The call that asks for the rest: the prefix without trailing white space, which some hosts reject. */
  continue(call: ModelCall, firstUsage: Usage | undefined): ModelCall {
    this.#isSecond = true;
    this.#seam = '';
    this.#firstUsage = firstUsage ?? this.#usage;
    const prefix = this.#text.trimEnd();
    const used = estimateTextTokens(prefix);
    const left = call.maxOutputTokens === undefined ? undefined : Math.max(1, call.maxOutputTokens - used);
    return {
      ...call,
      messages: [...call.messages, { role: 'assistant', content: [{ type: 'text', text: prefix }] }],
      ...(left !== undefined && { maxOutputTokens: left }),
    };
  }

  /** Fits a part of the continuing upstream to the stream that the client already has. */
  adapt(part: StreamPart): readonly StreamPart[] {
    if (!this.#isSecond) {
      this.observe(part);
      return [part];
    }
    switch (part.type) {
      case 'start':
        return [];
      case 'text-start':
        return this.#openText === undefined ? this.#reopen(part.index) : [];
      case 'text-delta':
        return this.#continueText(part.index, part.text);
      case 'usage':
        return [{ type: 'usage', usage: addUsage(this.#firstUsage, part.usage) }];
      case 'text-end':
        return [...this.#closeSeam(part.index), ...this.#closeText()];
      case 'ping':
        return [part];
      default:
        return [...this.#closeSeam(0), part];
    }
  }

  #append(text: string): void {
    if (this.#blocked) return;
    this.#text += text;
    if (this.#text.length <= maxTextLength) return;
    this.#blocked = true;
    this.#text = '';
  }

  #reopen(index: number): readonly StreamPart[] {
    this.#openText = index;
    return [{ type: 'text-start', index }];
  }

  /** Hosts repeat in small pieces: text waits while it may still be a repetition, and no longer. */
  #continueText(index: number, text: string): readonly StreamPart[] {
    if (this.#seam === undefined) return [this.#delta(index, text)];
    this.#seam += text;
    return this.#text.slice(-maxOverlap).includes(this.#seam) ? [] : this.#closeSeam(index);
  }

  #closeSeam(index: number): readonly StreamPart[] {
    const fresh = this.#withoutOverlap(this.#seam ?? '');
    if (fresh !== '') this.#seam = undefined;
    return fresh === '' ? [] : [this.#delta(index, fresh)];
  }

  #delta(index: number, text: string): StreamPart {
    return { type: 'text-delta', index: this.#openText ?? index, text };
  }

  #closeText(): readonly StreamPart[] {
    const index = this.#openText;
    this.#openText = undefined;
    return index === undefined ? [] : [{ type: 'text-end', index }];
  }

  /** Drops what the client has already: a repeated tail, or white space that the prefix lost. */
  #withoutOverlap(text: string): string {
    const sent = this.#text;
    for (let length = Math.min(text.length, sent.length, maxOverlap); length >= minOverlap; length--) {
      if (sent.endsWith(text.slice(0, length))) return text.slice(length);
    }
    return /\s$/.test(sent) ? text.trimStart() : text;
  }
}

/** Usage of both upstreams; each attempt's own row keeps its share. */
export function addUsage(first: Usage | undefined, second: Usage): Usage {
  if (!first) return second;
  const buckets: { -readonly [Bucket in keyof UsageBuckets]: UsageBuckets[Bucket] } = {};
  for (const bucket of usageBuckets) {
    const sum = (first.buckets[bucket] ?? 0) + (second.buckets[bucket] ?? 0);
    if (sum > 0 || first.buckets[bucket] !== undefined || second.buckets[bucket] !== undefined) buckets[bucket] = sum;
  }
  const isEstimated = first.source === 'estimated' || second.source === 'estimated';
  return { ...second, buckets, source: isEstimated && totalOutput(first.buckets) > 0 ? 'estimated' : second.source };
}
