import type { Completion } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamDecoder } from '../contract.ts';
import { collectCompletion } from '../shared/collect-completion.ts';
import { isObject } from '../shared/field-reader.ts';
import { openSseDecoder } from '../shared/open-sse-decoder.ts';
import { AnswerReader } from './answer-reader.ts';
import { parseExact } from '../shared/exact-json.ts';

/** Decodes a whole `GenerateContentResponse`. */
export function decodeGeminiCompletion(body: JsonObject): Completion | Fault {
  const reader = new AnswerReader();
  try {
    const parts = [...reader.read(body), ...reader.end()];
    const completion = collectCompletion(parts);
    // Gemini is known to answer with counters and no candidate at all.
    if (Fault.is(completion) && completion.code === 'truncated' && !Array.isArray(body['candidates'])) {
      return new Fault('empty_completion');
    }
    return completion;
  } catch (cause) {
    return new Fault('upstream_malformed', { cause });
  }
}

/** Opens a decoder of a `streamGenerateContent?alt=sse` answer. */
export function openGeminiDecoder(): StreamDecoder {
  const reader = new AnswerReader();
  return openSseDecoder({
    read({ data }) {
      // Not Google's, but gateways in front of it end their streams so.
      if (data === '[DONE]') return { parts: [] };
      const response: unknown = parseExact(data ?? '');
      if (!isObject(response)) throw new Error('an event of the stream is not an object');
      const parts = reader.read(response);
      return { parts, terminal: parts.some((part) => part.type === 'finish') };
    },
    end: () => reader.end(),
    get position() {
      return reader.position;
    },
  });
}
