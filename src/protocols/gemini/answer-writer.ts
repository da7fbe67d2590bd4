import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import type { AnswerContext } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import { parseArguments } from '../shared/parse-arguments.ts';
import { writeFinishReason } from './finish-reason.ts';
import { sealForeignProof } from './foreign-signature.ts';
import { writeUsageMetadata } from './usage-metadata.ts';

type Part<Type extends StreamPart['type']> = Extract<StreamPart, { readonly type: Type }>;

interface OpenCall {
  readonly id: string;
  readonly name: string;
  arguments: string;
}

/** Turns stream parts into the parts and the closing fields of a `GenerateContentResponse`. */
export class AnswerWriter {
  readonly #context: AnswerContext;
  readonly #calls = new Map<number, OpenCall>();
  readonly #sources: JsonObject[] = [];
  #id: string | undefined;
  #model: string;
  #usage: Usage | undefined;
  #finish: Part<'finish'> | undefined;
  #brokenCall: string | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#model = context.model;
  }

  /** Content for the client, if the part holds any. */
  push(part: StreamPart): JsonObject | undefined {
    switch (part.type) {
      case 'text-delta':
      case 'refusal-delta':
        return part.text === '' ? undefined : { text: part.text };
      case 'reasoning-delta':
        return part.text === '' ? undefined : { text: part.text, thought: true };
      case 'reasoning-end':
        return endThought(part);
      case 'media':
        return { inlineData: { mimeType: part.mediaType, data: part.base64 } };
      case 'raw':
        return isObject(part.value) && isObject(part.value['geminiPart']) ? part.value['geminiPart'] : undefined;
      case 'tool-call-start':
        this.#calls.set(part.index, { id: part.id, name: part.name, arguments: '' });
        return undefined;
      case 'tool-call-delta':
        this.#append(part);
        return undefined;
      case 'tool-call-end':
        return this.#endCall(part);
      default:
        this.#remember(part);
        return undefined;
    }
  }

  /** A response object with the given parts and, at the end, all closing fields. */
  response(parts: readonly JsonObject[], isLast: boolean): JsonObject {
    this.#id ??= this.#context.newId('');
    return {
      candidates: [{ content: { parts, role: 'model' }, ...(isLast && this.#closing()), index: 0 }],
      ...(isLast && this.#usage !== undefined && { usageMetadata: writeUsageMetadata(this.#usage) }),
      modelVersion: this.#model,
      responseId: this.#id,
    };
  }

  #append(part: Part<'tool-call-delta'>): void {
    const call = this.#calls.get(part.index);
    if (call !== undefined) call.arguments += part.arguments;
  }

  /** Gemini's arguments are an object: half of one cannot be sent, and is told as Gemini tells it itself. */
  #endCall(part: Part<'tool-call-end'>): JsonObject | undefined {
    const call = this.#calls.get(part.index);
    if (call === undefined) return undefined;
    this.#calls.delete(part.index);
    const args = parseArguments(call.arguments);
    if (args === undefined) {
      this.#brokenCall = `${call.name}(${call.arguments}`;
      return undefined;
    }
    return {
      functionCall: { id: call.id, name: call.name, args },
      ...(part.signature !== undefined && { thoughtSignature: part.signature }),
    };
  }

  #remember(part: StreamPart): void {
    if (part.type === 'start') {
      this.#id = part.id ?? this.#id;
      this.#model = part.model ?? this.#model;
    } else if (part.type === 'usage') this.#usage = part.usage;
    else if (part.type === 'finish') this.#finish = part;
    else if (part.type === 'source') {
      this.#sources.push({ web: { uri: part.url, ...(part.title !== undefined && { title: part.title }) } });
    }
  }

  #closing(): { readonly [key: string]: Json } {
    const finish: Omit<Part<'finish'>, 'type'> = this.#finish ?? { reason: 'other' };
    const broken = this.#brokenCall;
    const word = writeFinishReason(finish.reason, finish.rawReason);
    const isLost = broken !== undefined && finish.reason === 'tool-calls';
    return {
      finishReason: isLost ? 'MALFORMED_FUNCTION_CALL' : word,
      ...(broken !== undefined && { finishMessage: `Malformed function call: ${broken}` }),
      ...(this.#sources.length > 0 && { groundingMetadata: { groundingChunks: this.#sources } }),
    };
  }
}

/** Closes a thought with Gemini's own signature as it is, another provider's proof sealed. */
function endThought({ signature, redacted, encrypted, provenance }: Part<'reasoning-end'>): JsonObject | undefined {
  if (signature === undefined && redacted === undefined && encrypted === undefined) return undefined;
  const isOwn = provenance === 'gemini' && signature !== undefined;
  const proof = {
    ...(signature !== undefined && { signature }),
    ...(redacted !== undefined && { redacted }),
    ...(encrypted !== undefined && { encrypted }),
    provenance: provenance ?? 'unknown',
  };
  return { text: '', thought: true, thoughtSignature: isOwn ? signature : sealForeignProof(proof) };
}
