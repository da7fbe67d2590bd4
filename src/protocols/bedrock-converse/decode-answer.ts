import type { Completion } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { collectCompletion } from '../shared/collect-completion.ts';
import { isObject } from '../shared/field-reader.ts';
import { wordOf } from '../shared/word-of.ts';
import { AnswerReader } from './answer-reader.ts';
import { readCitation } from './block-reader.ts';
import { stringifyExact } from '../shared/exact-json.ts';

/** Decodes a whole Converse answer by reading it as the stream it could have been. */
export function decodeConverseCompletion(body: JsonObject): Completion | Fault {
  const message = isObject(body['output']) ? body['output']['message'] : undefined;
  if (!isObject(message) || typeof body['stopReason'] !== 'string') return new Fault('upstream_malformed');
  const content = Array.isArray(message['content']) ? (message['content'] as readonly Json[]) : [];
  const reader = new AnswerReader();
  return collectCompletion([
    ...reader.read('messageStart', {}),
    ...content.flatMap((block, at) => (isObject(block) ? readBlock(reader, block, at) : [])),
    ...reader.read('metadata', body),
    ...reader.read('messageStop', body),
  ]);
}

function readBlock(reader: AnswerReader, block: JsonObject, at: number): StreamPart[] {
  const contentBlockIndex = at;
  const delta = (value: JsonObject): StreamPart[] =>
    reader.read('contentBlockDelta', { contentBlockIndex, delta: value });
  const { text, toolUse, reasoningContent, citationsContent, image } = block;
  if (typeof text === 'string') return delta({ text });
  if (isObject(toolUse)) {
    return [
      ...reader.read('contentBlockStart', { contentBlockIndex, start: { toolUse } }),
      ...delta({ toolUse: { input: stringifyExact(toolUse['input'] ?? {}) } }),
    ];
  }
  if (isObject(reasoningContent)) return delta({ reasoningContent: flattened(reasoningContent) });
  if (isObject(image)) {
    return [...reader.read('contentBlockStart', { contentBlockIndex, start: { image } }), ...delta({ image })];
  }
  return isObject(citationsContent) ? readCited(citationsContent, delta) : [];
}

/** Streams put the fields of `reasoningText` one level higher than whole answers do. */
function flattened(reasoning: JsonObject): JsonObject {
  const { reasoningText, redactedContent } = reasoning;
  return isObject(reasoningText) ? reasoningText : { redactedContent: redactedContent ?? null };
}

function readCited(cited: JsonObject, delta: (value: JsonObject) => StreamPart[]): StreamPart[] {
  const content = Array.isArray(cited['content']) ? (cited['content'] as readonly Json[]) : [];
  const citations = Array.isArray(cited['citations']) ? (cited['citations'] as readonly Json[]) : [];
  return [
    ...content.filter(isObject).flatMap((piece) => delta({ text: wordOf(piece['text']) })),
    ...citations.filter(isObject).flatMap(readCitation),
  ];
}
