import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { StreamPosition } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import { wordOf } from '../shared/word-of.ts';
import { readFinishReason } from './finish-reason.ts';
import { fieldOf } from './gemini-reader.ts';
import { OpenBlocks } from './open-blocks.ts';
import { readGeminiError } from './read-error.ts';
import { SourceReader } from './source-reader.ts';
import { readUsageMetadata } from './usage-metadata.ts';

/** Reads `GenerateContentResponse` objects, one whole or many of a stream, into stream parts. */
export class AnswerReader {
  readonly #blocks = new OpenBlocks();
  readonly #sources = new SourceReader();
  #started = false;
  #id: string | undefined;
  #model: string | undefined;
  #idSeed: string | undefined;
  #calls = 0;
  #searches = 0;
  #finished = false;

  /** Reads the next object. Throws when it is not of the protocol. */
  read(response: JsonObject): StreamPart[] {
    if (isObject(response['error'])) return [{ type: 'error', fault: readGeminiError(0, response) }];
    const parts: StreamPart[] = [];
    this.#start(response, parts);
    const candidate = firstCandidate(response);
    if (candidate !== undefined) this.#readContent(candidate, response, parts);
    const finish = this.#readFinish(response, candidate);
    if (finish !== undefined) this.#blocks.close(parts);
    this.#readUsage(response, candidate, parts);
    if (finish !== undefined) parts.push(finish);
    return parts;
  }

  /** The upstream is done: closes what is open. */
  end(): StreamPart[] {
    const parts: StreamPart[] = [];
    this.#blocks.close(parts);
    return parts;
  }

  get position(): StreamPosition {
    return {
      sequenceNumber: 0,
      id: this.#id,
      model: this.#model,
      finished: this.#finished,
      terminated: this.#finished,
    };
  }

  #start(response: JsonObject, parts: StreamPart[]): void {
    if (this.#started) return;
    this.#started = true;
    const id = fieldOf(response, 'responseId');
    const model = fieldOf(response, 'modelVersion');
    const created = Date.parse(wordOf(fieldOf(response, 'createTime')));
    if (typeof id === 'string') this.#id = id;
    if (typeof model === 'string') this.#model = model;
    parts.push({
      type: 'start',
      ...(this.#id !== undefined && { id: this.#id }),
      ...(this.#model !== undefined && { model: this.#model }),
      ...(!Number.isNaN(created) && { createdAtS: Math.floor(created / 1000) }),
    });
  }

  #readContent(candidate: JsonObject, response: JsonObject, parts: StreamPart[]): void {
    const content = candidate['content'];
    const list = isObject(content) ? content['parts'] : undefined;
    for (const part of Array.isArray(list) ? (list as readonly Json[]) : []) {
      if (isObject(part)) this.#readPart(part, response, parts);
    }
    parts.push(...this.#sources.read(candidate));
  }

  #readPart(part: JsonObject, response: JsonObject, parts: StreamPart[]): void {
    const signature = stringOf(fieldOf(part, 'thoughtSignature'));
    const text = part['text'];
    const call = fieldOf(part, 'functionCall');
    const media = fieldOf(part, 'inlineData');
    if (part['thought'] === true) {
      this.#blocks.reasoning(stringOf(text) ?? '', signature, parts);
    } else if (isObject(call)) {
      this.#readCall(call, { signature, response }, parts);
    } else if (typeof text === 'string') {
      if (text !== '') this.#blocks.text(text, parts);
      if (signature !== undefined) parts.push(rawPart({ text: '', thoughtSignature: signature }));
    } else if (isObject(media)) {
      const mediaType = stringOf(fieldOf(media, 'mimeType')) ?? 'application/octet-stream';
      this.#blocks.media(mediaType, stringOf(media['data']) ?? '', parts);
    } else {
      this.#blocks.close(parts);
      parts.push(rawPart(part));
    }
  }

  #readCall(
    call: JsonObject,
    { signature, response }: { signature: string | undefined; response: JsonObject },
    parts: StreamPart[],
  ): void {
    const name = stringOf(call['name']);
    if (name !== undefined && name !== '') {
      const id = stringOf(call['id']) || this.#newCallId(response);
      this.#blocks.startToolCall({ id, name, signature }, parts);
    }
    const args = fieldOf(call, 'args');
    const pieces = fieldOf(call, 'partialArgs');
    const list = Array.isArray(pieces) ? (pieces as readonly Json[]).filter(isObject) : [];
    this.#blocks.pushArguments(isObject(args) ? args : undefined, list, signature);
    if (fieldOf(call, 'willContinue') !== true) this.#blocks.close(parts);
  }

  /** Ids must differ between the turns of a conversation, and be the same whenever the same answer is read. */
  #newCallId(response: JsonObject): string {
    this.#idSeed ??=
      this.#id?.replace(/[^\w-]/g, '').slice(0, 48) ||
      createHash('sha256').update(JSON.stringify(response)).digest('hex').slice(0, 24);
    return `call_${this.#idSeed}_${this.#calls++}`;
  }

  #readFinish(response: JsonObject, candidate: JsonObject | undefined): StreamPart | undefined {
    if (this.#finished) return undefined;
    const word = candidate === undefined ? undefined : stringOf(fieldOf(candidate, 'finishReason'));
    if (word !== undefined && word !== 'FINISH_REASON_UNSPECIFIED') {
      this.#finished = true;
      const reason = readFinishReason(word, this.#blocks.sawToolCall);
      return { type: 'finish', reason, rawReason: word };
    }
    const feedback = fieldOf(response, 'promptFeedback');
    const blocked = isObject(feedback) ? stringOf(fieldOf(feedback, 'blockReason')) : undefined;
    if (blocked === undefined || blocked === 'BLOCK_REASON_UNSPECIFIED') return undefined;
    this.#finished = true;
    return { type: 'finish', reason: 'content-filter', rawReason: blocked };
  }

  #readUsage(response: JsonObject, candidate: JsonObject | undefined, parts: StreamPart[]): void {
    const metadata = fieldOf(response, 'usageMetadata');
    this.#searches = Math.max(this.#searches, searchesOf(candidate));
    const usage = isObject(metadata) ? readUsageMetadata(metadata) : undefined;
    if (usage === undefined) return;
    const requests = this.#searches > 0 && { requests: this.#searches };
    parts.push({ type: 'usage', usage: { ...usage, buckets: { ...usage.buckets, ...requests } } });
  }
}

/** Answers have one candidate unless the client asked for more; the vocabulary has room for the first. */
function firstCandidate(response: JsonObject): JsonObject | undefined {
  const list = response['candidates'];
  if (!Array.isArray(list)) return undefined;
  return (list as readonly Json[]).filter(isObject).find((candidate) => (candidate['index'] ?? 0) === 0);
}

function searchesOf(candidate: JsonObject | undefined): number {
  const grounding = candidate === undefined ? undefined : fieldOf(candidate, 'groundingMetadata');
  const queries = isObject(grounding) ? fieldOf(grounding, 'webSearchQueries') : undefined;
  return Array.isArray(queries) ? queries.length : 0;
}

function stringOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A part without a word in the vocabulary, marked so that only this dialect's writer takes it. */
function rawPart(geminiPart: JsonObject): StreamPart {
  return { type: 'raw', value: { geminiPart } };
}
