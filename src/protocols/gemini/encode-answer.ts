import type { Completion } from '../../domain/calls/completion.ts';
import type { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { AnswerContext, AnswerEncoder } from '../contract.ts';
import { completionToParts } from '../shared/collect-completion.ts';
import { stringifyExact } from '../shared/exact-json.ts';
import { AnswerWriter } from './answer-writer.ts';
import { encodeGeminiFault } from './fault-body.ts';

/** Encodes a whole answer as one `GenerateContentResponse`. */
export function encodeGeminiCompletion(completion: Completion, context: AnswerContext): JsonObject {
  const writer = new AnswerWriter(context);
  const parts: JsonObject[] = [];
  for (const part of completionToParts(completion)) {
    const written = writer.push(part);
    if (written !== undefined) parts.push(joinSignature(parts, written) ?? written);
  }
  return writer.response(parts, true);
}

/** In a whole answer the signature sits on the thought it signs, not on an empty part behind it. */
function joinSignature(parts: JsonObject[], written: JsonObject): JsonObject | undefined {
  const last = parts.at(-1);
  if (written['thought'] !== true || written['text'] !== '' || last?.['thought'] !== true) return undefined;
  parts.pop();
  return { ...last, ...written, text: last['text'] ?? '' };
}

/** Opens an encoder of `streamGenerateContent` answers: server-sent events, or one JSON array in pieces. */
export function openGeminiEncoder(context: AnswerContext): AnswerEncoder {
  const writer = new AnswerWriter(context);
  const frames = openFraming(context.framing);
  return {
    push(part) {
      const written = writer.push(part);
      return written === undefined ? '' : frames.write(writer.response([written], false));
    },
    end: () => frames.write(writer.response([{ text: '' }], true)) + frames.close(),
    fail: (fault) => frames.write(encodeGeminiFault(fault, context.requestId)) + frames.close(),
  };
}

/** In-band error behind bytes that were passed through. */
export function failGeminiStream(fault: Fault, context: AnswerContext, hasStarted: boolean): string {
  const frames = openFraming(context.framing, hasStarted);
  return frames.write(encodeGeminiFault(fault, context.requestId)) + frames.close();
}

interface Framing {
  write(value: JsonObject): string;
  close(): string;
}

function openFraming(framing: AnswerContext['framing'], hasStarted = false): Framing {
  if (framing === 'sse') {
    return { write: (value) => `data: ${stringifyExact(value)}\n\n`, close: () => '' };
  }
  let opening = hasStarted ? ',\n' : '[';
  return {
    write(value) {
      const text = opening + stringifyExact(value);
      opening = ',\n';
      return text;
    },
    close: () => ']\n',
  };
}
