import type { ContentPart, Json, JsonObject, MediaSource } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { dialect } from './dialect-name.ts';
import { textOf } from './json-text.ts';

const dataUrl = /^data:([^;,]*)(?:;[^;,]*)*;base64,/;

/** Reads a message's or tool output's content: a string, or typed parts. */
export function parseContent(content: Json | undefined, at: string): ContentPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content, at }];
  if (!Array.isArray(content)) return [];
  return content.map((part, index) => parsePart(part, `${at}/${index}`));
}

function parsePart(part: Json, at: string): ContentPart {
  if (!isObject(part)) return { type: 'opaque', dialect, value: part, at };
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
      return { type: 'text', text: textOf(part['text']), at, ...cacheMark(part) };
    case 'refusal':
      return { type: 'refusal', text: textOf(part['refusal']), at };
    case 'input_image':
      return parseImage(part, at);
    case 'input_file':
      return parseFile(part, at);
    case 'input_audio':
      return parseAudio(part, at);
    default:
      return { type: 'opaque', dialect, value: part, at };
  }
}

function parseImage(part: JsonObject, at: string): ContentPart {
  const source = sourceOf(part['image_url'], part['file_id']);
  const { detail } = part;
  if (source === undefined) return { type: 'opaque', dialect, value: part, at };
  return { type: 'image', source, at, ...(typeof detail === 'string' && { detail }), ...cacheMark(part) };
}

function parseFile(part: JsonObject, at: string): ContentPart {
  const source = sourceOf(part['file_data'] ?? part['file_url'], part['file_id']);
  const { filename } = part;
  if (source === undefined) return { type: 'opaque', dialect, value: part, at };
  return { type: 'document', source, at, ...(typeof filename === 'string' && { title: filename }), ...cacheMark(part) };
}

function parseAudio(part: JsonObject, at: string): ContentPart {
  const audio = part['input_audio'];
  if (!isObject(audio) || typeof audio['data'] !== 'string') return { type: 'opaque', dialect, value: part, at };
  const format = typeof audio['format'] === 'string' ? audio['format'] : undefined;
  const source: MediaSource = { kind: 'base64', mediaType: `audio/${format ?? 'wav'}`, data: audio['data'] };
  return { type: 'audio', source, at, ...(format !== undefined && { format }) };
}

function sourceOf(location: Json | undefined, fileId: Json | undefined): MediaSource | undefined {
  if (typeof location === 'string') {
    const match = dataUrl.exec(location);
    if (match) {
      const mediaType = match[1] === undefined || match[1] === '' ? 'application/octet-stream' : match[1];
      return { kind: 'base64', mediaType, data: location.slice(match[0].length) };
    }
    return { kind: 'url', url: location };
  }
  return typeof fileId === 'string' ? { kind: 'file', fileId } : undefined;
}

function cacheMark(part: JsonObject): { readonly cache?: { readonly ttl: '5m' } } {
  return isObject(part['prompt_cache_breakpoint']) ? { cache: { ttl: '5m' } } : {};
}
