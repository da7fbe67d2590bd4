import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { StreamPosition } from '../contract.ts';
import type { EventMeaning, EventReader } from '../shared/open-sse-decoder.ts';
import type { SseEvent } from '../sse/sse-framer.ts';
import { DeltaReader } from './delta-reader.ts';
import { holdsError, readError } from './read-error.ts';
import { readSiblingEvent } from './read-sibling-event.ts';
import { readUsage } from './read-usage.ts';
import { numberOf, objectOf, objectsOf, textOf } from './values.ts';

const nothing: EventMeaning = { parts: [] };
const maxChoices = 128;

/**
 * Meaning of a stream of chat completion chunks. Of several choices the first carries the meaning, the usage is that
 * of all. Errors end the stream: whatever a host sends after one is ignored.
 */
export class ChunkReader implements EventReader {
  readonly #delta = new DeltaReader();
  #id: string | undefined;
  #model: string | undefined;
  #createdAtS: number | undefined;
  #started = false;
  #failed = false;
  #terminated = false;
  #ended = false;
  #finishWord: string | undefined;
  #finishSent = false;
  #servedTier: string | undefined;
  /** Streams of sound and pictures: they have no closing mark, but end with the upstream's connection. */
  #isSibling = false;
  /** Alternatives still being written: the answer is finished when all are. */
  readonly #openChoices = new Set<number>();

  get position(): StreamPosition {
    return {
      sequenceNumber: 0,
      id: this.#id,
      model: this.#model,
      finished: this.#finishSent,
      terminated: this.#terminated,
    };
  }

  read(event: SseEvent): EventMeaning {
    const data = event.data?.trim() ?? '';
    if (this.#failed || this.#terminated || data === '') return nothing;
    if (data === '[DONE]') {
      this.#terminated = true;
      return { parts: this.end(), terminal: true };
    }
    const chunk: unknown = JSON.parse(data);
    const body = objectOf(chunk);
    if (!body) throw new SyntaxError('A chunk is not an object.');
    if (event.event === 'error' || holdsError(body)) return this.#fail(body);
    const sibling = body['choices'] === undefined ? readSiblingEvent(body) : undefined;
    return sibling ? this.#passSibling(sibling) : this.readChunk(body, false);
  }

  /** Takes one chunk, or a whole answer in the form of one. */
  readChunk(chunk: JsonObject, whole: boolean): EventMeaning {
    const choices = objectsOf(chunk['choices']);
    this.#readIdentity(chunk);
    const parts: StreamPart[] = [];
    if (!this.#started && (choices.length > 0 || this.#id !== undefined)) {
      this.#started = true;
      parts.push({ type: 'start', id: this.#id, model: this.#model, createdAtS: this.#createdAtS });
    }
    if (chunk['citations'] !== undefined || chunk['search_results'] !== undefined) {
      parts.push(...this.#delta.readSources(chunk));
    }
    for (const choice of choices) {
      if (holdsError(choice)) return { parts: [...parts, ...this.#fail(choice).parts] };
      this.#readChoice(choice, parts, whole);
      if (this.#failed) return { parts };
    }
    const reported = chunk['usage'] ?? (this.#finishWord === undefined ? undefined : extensionUsage(chunk));
    const usage = reported === undefined ? undefined : readUsage(reported, this.#servedTier);
    if (usage) parts.push({ type: 'usage', usage });
    parts.push(...this.#finish(false));
    return { parts, usageOnly: usage !== undefined && choices.length === 0 };
  }

  end(): readonly StreamPart[] {
    if (this.#failed || this.#ended) return [];
    this.#ended = true;
    this.#terminated ||= this.#isSibling && this.#finishSent;
    return this.#finishSent || this.#finishWord !== undefined ? this.#finish(true) : this.#delta.close(true);
  }

  #readIdentity(chunk: JsonObject): void {
    this.#id ??= textOf(chunk['id']);
    this.#model ??= textOf(chunk['model']);
    const created = numberOf(chunk['created']);
    if (created !== undefined && created > 0) this.#createdAtS ??= created;
    this.#servedTier = textOf(chunk['service_tier']) ?? this.#servedTier;
    if (!this.#started) this.#delta.idSeed = this.#id ?? String(this.#createdAtS ?? 0);
  }

  #readChoice(choice: JsonObject, parts: StreamPart[], whole: boolean): void {
    const at = numberOf(choice['index']) ?? 0;
    const word = textOf(choice['finish_reason']);
    if (word === undefined && this.#openChoices.size < maxChoices) this.#openChoices.add(at);
    else this.#openChoices.delete(at);
    if (at !== 0 || this.#finishWord !== undefined) return;
    const delta = objectOf(choice['delta']) ?? objectOf(choice['message']);
    if (delta) parts.push(...this.#delta.read(delta, whole));
    // Legacy completions carry bare text.
    else if (choice['text'] !== undefined) parts.push(...this.#delta.read({ content: choice['text'] }, whole));
    if (word === 'error' || word === 'insufficient_system_resource') {
      parts.push(...this.#fail({ error: { code: word, message: 'The host gave up while answering.' } }).parts);
    }
    this.#finishWord = word;
  }

  #finish(ended: boolean): StreamPart[] {
    if (this.#finishWord === undefined || this.#finishSent) return [];
    if (this.#openChoices.size > 0 && !ended) return [];
    this.#finishSent = true;
    return this.#delta.finish(this.#finishWord);
  }

  #passSibling(parts: readonly StreamPart[]): EventMeaning {
    const start: readonly StreamPart[] = this.#started ? [] : [{ type: 'start' }];
    this.#started = true;
    this.#isSibling = true;
    this.#finishSent ||= parts.some((part) => part.type === 'finish');
    return { parts: [...start, ...parts] };
  }

  #fail(body: JsonObject): EventMeaning {
    this.#failed = true;
    return { parts: [{ type: 'error', fault: readError(body) }] };
  }
}

/** Usage in a host's own extension (`x_…: { usage }`), where the standard place is empty. */
function extensionUsage(chunk: JsonObject): unknown {
  for (const key in chunk) if (key.startsWith('x_')) return objectOf(chunk[key])?.['usage'];
  return undefined;
}
