import type { ContentPart, JsonObject, MediaSource } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { dialect } from './dialect-name.ts';
import type { ResponsesReport } from './responses-report.ts';

type Part<Type extends ContentPart['type']> = Extract<ContentPart, { readonly type: Type }>;

/** Writes what a user, the instructions or a tool said as input parts. */
export function encodeInputParts(parts: readonly ContentPart[], report: ResponsesReport): JsonObject[] {
  return parts.flatMap((part) => {
    const encoded = encodeInputPart(part, report);
    return encoded === undefined ? [] : [{ ...encoded, ...encodeCache(part, report) }];
  });
}

function encodeInputPart(part: ContentPart, report: ResponsesReport): JsonObject | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: 'input_text', text: part.text };
    case 'image':
      return encodeImage(part);
    case 'document':
      return encodeDocument(part, report);
    case 'audio':
      return encodeAudio(part, report);
    case 'opaque':
      if (part.dialect === dialect && isObject(part.value)) return part.value;
      report.refuse(part.at, `Content only ${part.dialect} understands cannot be sent to a Responses host.`);
      return undefined;
    case 'reasoning':
      report.drop(part.at);
      return undefined;
    default:
      report.refuse(part.at, `Responses hosts take no ${part.type} here.`);
      return undefined;
  }
}

function encodeImage(part: Part<'image'>): JsonObject {
  const { source, detail } = part;
  const place: JsonObject = source.kind === 'file' ? { file_id: source.fileId } : { image_url: urlOf(source) };
  return { type: 'input_image', ...place, ...(detail !== undefined && { detail }) };
}

function encodeDocument(part: Part<'document'>, report: ResponsesReport): JsonObject {
  const { source, title, at } = part;
  if (source.kind === 'file') return { type: 'input_file', file_id: source.fileId };
  if (source.kind === 'url') return { type: 'input_file', file_url: source.url };
  // Inline files are refused without a name, and hosts tell their kind by its ending.
  if (title === undefined && at !== undefined) report.add(`${at}/filename`);
  const named = title !== undefined && /\.\w+$/.test(title);
  const filename = named ? title : `${title ?? 'document'}.${endingFor(source.mediaType)}`;
  return { type: 'input_file', filename, file_data: urlOf(source) };
}

function encodeAudio(part: Part<'audio'>, report: ResponsesReport): JsonObject | undefined {
  const { source } = part;
  if (source.kind !== 'base64') {
    report.refuse(part.at, 'Responses hosts take audio inline only.');
    return undefined;
  }
  const format = part.format ?? source.mediaType.split('/')[1]?.replace(/^x-/, '') ?? 'wav';
  return { type: 'input_audio', input_audio: { data: source.data, format } };
}

/** Cache marks exist as breakpoints here too, but only clients of this dialect know which models take them. */
function encodeCache(part: ContentPart, report: ResponsesReport): JsonObject {
  if (!('cache' in part) || part.cache === undefined) return {};
  if (report.callDialect === dialect) return { prompt_cache_breakpoint: { mode: 'explicit' } };
  if (part.at !== undefined) report.drop(`${part.at}/cache_control`);
  return {};
}

function urlOf(source: Exclude<MediaSource, { readonly kind: 'file' }>): string {
  return source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
}

function endingFor(mediaType: string): string {
  const kind = mediaType.split('/')[1] ?? '';
  return mediaType === 'text/plain' ? 'txt' : (/^[a-z0-9]+/.exec(kind)?.[0] ?? 'bin');
}
