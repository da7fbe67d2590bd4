import type { Json, MediaSource } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

/** Reads the `source` of an image or document; undefined for forms that only this dialect understands. */
export function parseMediaSource(source: Json | undefined): MediaSource | undefined {
  if (!isObject(source)) return undefined;
  const { type, media_type: mediaType, data, url, file_id: fileId, content } = source;
  switch (type) {
    case 'base64':
      return typeof mediaType === 'string' && typeof data === 'string'
        ? { kind: 'base64', mediaType, data }
        : undefined;
    case 'url':
      return typeof url === 'string' ? { kind: 'url', url } : undefined;
    case 'file':
      return typeof fileId === 'string' ? { kind: 'file', fileId } : undefined;
    case 'text':
      return typeof data === 'string' ? plainText(data) : undefined;
    case 'content': {
      const text = textOf(content);
      return text === undefined ? undefined : plainText(text);
    }
    default:
      return undefined;
  }
}

function plainText(text: string): MediaSource {
  return { kind: 'base64', mediaType: 'text/plain', data: Buffer.from(text).toString('base64') };
}

/** Text of a document written as blocks, unless it holds more than text. */
function textOf(content: Json | undefined): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  const texts = content.map((block) => (isObject(block) && block['type'] === 'text' ? block['text'] : undefined));
  return texts.every((text) => typeof text === 'string') ? texts.join('\n') : undefined;
}
