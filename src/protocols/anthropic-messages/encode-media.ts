import type { ContentPart, JsonObject, MediaSource } from '../../domain/calls/model-call.ts';
import { cacheControl } from './cache-control.ts';
import type { EncodeContext } from './encode-context.ts';

const imageTypes: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);
const dataUrl = /^data:([^;,]+)(?:;[^,]*)?;base64,/i;

/** Writes an image, from its address or its bytes. */
export function encodeImage(
  part: Extract<ContentPart, { readonly type: 'image' }>,
  context: EncodeContext,
): JsonObject[] {
  const { at = '/messages', detail } = part;
  const source = inlined(part.source);
  if (detail !== undefined && detail !== 'auto') context.drop(`${at}/detail`);
  if (source.kind === 'base64' && !imageTypes.has(source.mediaType)) {
    context.refuse(at, `the upstream takes no images of type ${source.mediaType}`);
    return [];
  }
  const written = writeSource(source, at, context);
  return written === undefined ? [] : [{ type: 'image', source: written, ...cacheControl(part.cache) }];
}

/** Writes a document: PDF by address or bytes, plain text as text. */
export function encodeDocument(
  part: Extract<ContentPart, { readonly type: 'document' }>,
  context: EncodeContext,
): JsonObject[] {
  const { at = '/messages', title } = part;
  const source = inlined(part.source);
  if (source.kind === 'base64' && !isText(source.mediaType) && source.mediaType !== 'application/pdf') {
    context.refuse(at, `the upstream takes no documents of type ${source.mediaType}`);
    return [];
  }
  const written =
    source.kind === 'base64' && isText(source.mediaType)
      ? { type: 'text', media_type: 'text/plain', data: Buffer.from(source.data, 'base64').toString() }
      : writeSource(source, at, context);
  if (written === undefined) return [];
  return [{ type: 'document', source: written, ...(title !== undefined && { title }), ...cacheControl(part.cache) }];
}

function writeSource(source: MediaSource, at: string, context: EncodeContext): JsonObject | undefined {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'url':
      return { type: 'url', url: source.url };
    case 'file':
      if (context.native) return { type: 'file', file_id: source.fileId };
      context.refuse(at, 'a file stored at another provider cannot be read by the upstream');
      return undefined;
  }
}

/** A `data:` address holds the bytes themselves. */
function inlined(source: MediaSource): MediaSource {
  if (source.kind !== 'url') return source;
  const found = dataUrl.exec(source.url.slice(0, 256));
  if (found?.[1] === undefined) return source;
  return { kind: 'base64', mediaType: found[1].toLowerCase(), data: source.url.slice(found[0].length) };
}

function isText(mediaType: string): boolean {
  return mediaType.startsWith('text/');
}
