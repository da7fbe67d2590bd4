import type { CacheMark, ContentPart, Json, JsonObject, MediaSource } from '../../domain/calls/model-call.ts';
import type { FieldReader } from '../shared/field-reader.ts';
import { invalidField } from '../shared/field-reader.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { dialect } from './dialect-name.ts';
import { readThinkingPart } from './reasoning-fields.ts';
import { objectOf, textOf } from './values.ts';

/** Reads a message's `content`: a text, or a list of parts. */
export function parseContent(reader: FieldReader, key = 'content'): readonly ContentPart[] | Fault {
  const at = reader.pointerTo(key);
  const content = reader.any(key);
  if (content === undefined) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content, at }];
  if (!Array.isArray(content)) return invalidField(at, 'must be a text or a list of parts');
  const parts: ContentPart[] = [];
  for (const [index, value] of content.entries()) {
    const part = parsePart(value, `${at}/${index}`);
    if (Fault.is(part)) return part;
    parts.push(part);
  }
  return parts;
}

function parsePart(value: Json, at: string): ContentPart | Fault {
  if (typeof value === 'string') return { type: 'text', text: value, at };
  const part = objectOf(value);
  if (!part) return invalidField(at, 'must be an object with a type');
  const cache = cacheMarkOf(part['cache_control']);
  switch (part['type']) {
    case 'text': {
      const { text } = part;
      if (typeof text !== 'string') return invalidField(`${at}/text`, 'must be a string');
      return { type: 'text', text, cache, at };
    }
    case 'image_url':
      return parseImage(part, at, cache);
    case 'input_audio':
      return parseAudio(part, at);
    case 'file':
      return parseFile(part, at, cache);
    case 'video_url': {
      const url = textOf(objectOf(part['video_url'])?.['url']) ?? textOf(part['video_url']);
      if (url === undefined) return invalidField(`${at}/video_url/url`, 'must be a string');
      return { type: 'video', source: sourceOf(url), at };
    }
    case 'refusal':
      return { type: 'refusal', text: textOf(part['refusal']) ?? '', at };
    case 'thinking':
      return { type: 'reasoning', text: readThinkingPart(part), at };
    default:
      return { type: 'opaque', dialect, value: part, at };
  }
}

function parseImage(part: JsonObject, at: string, cache: CacheMark | undefined): ContentPart | Fault {
  const image = objectOf(part['image_url']);
  const url = textOf(image?.['url']) ?? textOf(part['image_url']);
  if (url === undefined) return invalidField(`${at}/image_url/url`, 'must be a string');
  return { type: 'image', source: sourceOf(url), detail: textOf(image?.['detail']), cache, at };
}

function parseAudio(part: JsonObject, at: string): ContentPart | Fault {
  const audio = objectOf(part['input_audio']);
  const data = textOf(audio?.['data']);
  const format = textOf(audio?.['format']);
  if (data === undefined) return invalidField(`${at}/input_audio/data`, 'must be a string');
  const mediaType = `audio/${format === 'mp3' ? 'mpeg' : (format ?? 'wav')}`;
  return { type: 'audio', source: { kind: 'base64', mediaType, data }, format, at };
}

function parseFile(part: JsonObject, at: string, cache: CacheMark | undefined): ContentPart | Fault {
  const file = objectOf(part['file']);
  const title = textOf(file?.['filename']);
  const fileId = textOf(file?.['file_id']);
  if (fileId !== undefined) return { type: 'document', source: { kind: 'file', fileId }, title, cache, at };
  const data = textOf(file?.['file_data']);
  if (data === undefined) return invalidField(`${at}/file`, 'must have file_id or file_data');
  const source = sourceOf(data);
  const bare = source.kind === 'url' && !/^https?:/i.test(data);
  return {
    type: 'document',
    source: bare ? { kind: 'base64', mediaType: 'application/pdf', data } : source,
    title,
    cache,
    at,
  };
}

/** A data URL holds the bytes; anything else is a reference. */
function sourceOf(url: string): MediaSource {
  if (!url.startsWith('data:')) return { kind: 'url', url };
  const comma = url.indexOf(',');
  const header = comma < 0 ? '' : url.slice(5, comma);
  if (!header.endsWith(';base64')) return { kind: 'url', url };
  const mediaType = header.slice(0, header.indexOf(';')) || 'application/octet-stream';
  return { kind: 'base64', mediaType, data: url.slice(comma + 1) };
}

/** Hosts that bill cache writes take marks on parts in this dialect too. */
export function cacheMarkOf(value: unknown): CacheMark | undefined {
  const mark = objectOf(value);
  if (mark?.['type'] !== 'ephemeral') return undefined;
  return { ttl: mark['ttl'] === '1h' ? '1h' : '5m' };
}
