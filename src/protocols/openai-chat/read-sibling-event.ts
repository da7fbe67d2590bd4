import type { Operation } from '../../domain/calls/dialect.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import { readPassThroughUsage } from './read-pass-through-usage.ts';
import { textOf } from './values.ts';

/** Operations by the first word of their stream events. */
const operations: { readonly [word: string]: Operation } = {
  transcript: 'transcription',
  speech: 'speech',
  image_generation: 'images',
  image_edit: 'images',
};

/**
 * Meaning of one event of a streaming sibling route (transcription, speech, images): those streams pass through, so
 * that only content, usage and end matter. Undefined for events of other kinds.
 */
export function readSiblingEvent(event: JsonObject): readonly StreamPart[] | undefined {
  const type = textOf(event['type']) ?? '';
  const operation = ownValue(operations, type.split('.', 1)[0] ?? '');
  if (operation === undefined) return undefined;
  const parts: StreamPart[] = [];
  const text = textOf(event['delta']);
  if (operation === 'transcription' && text !== undefined) parts.push({ type: 'text-delta', index: 0, text });
  const base64 = textOf(event['b64_json']) ?? textOf(event['audio']);
  if (base64 !== undefined) {
    const mediaType = operation === 'images' ? `image/${textOf(event['output_format']) ?? 'png'}` : 'audio/mpeg';
    parts.push({ type: 'media', index: 0, mediaType, base64 });
  }
  if (!type.endsWith('.done') && !type.endsWith('.completed')) return parts;
  const usage = readPassThroughUsage(operation, event);
  if (usage) parts.push({ type: 'usage', usage });
  parts.push({ type: 'finish', reason: 'stop' });
  return parts;
}
