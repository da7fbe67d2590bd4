import type { ContentPart, JsonObject, MediaSource, ReasoningPart } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import type { LossReport } from '../shared/loss-report.ts';

type MediaPart = Extract<ContentPart, { readonly source: MediaSource }>;

const typeByExtension: { readonly [extension: string]: string } = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  pdf: 'application/pdf',
  txt: 'text/plain',
  csv: 'text/csv',
  html: 'text/html',
  md: 'text/markdown',
};

/** Encodes a part that is neither call nor result; undefined when it had to be left out. */
export function encodePart(part: ContentPart, isGemini: boolean, losses: LossReport): JsonObject | undefined {
  if ('cache' in part && part.cache !== undefined) losses.drop(at(part, 'cache_control'));
  switch (part.type) {
    case 'text':
      return { text: part.text, ...(part.signature !== undefined && { thoughtSignature: part.signature }) };
    case 'refusal':
      return { text: part.text };
    case 'reasoning':
      return encodeReasoning(part, isGemini, losses);
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
      return encodeMedia(part, isGemini, losses);
    case 'opaque':
      if (part.dialect === 'gemini') return part.value as JsonObject;
      losses.drop(part.at);
      return undefined;
    default:
      return undefined;
  }
}

/** Signatures are good only at the provider that wrote them: those of others stay behind. */
function encodeReasoning(part: ReasoningPart, isGemini: boolean, losses: LossReport): JsonObject | undefined {
  const { text, signature, redacted, encrypted, provenance = isGemini ? 'gemini' : 'unknown' } = part;
  const own = provenance === 'gemini' ? signature : undefined;
  if (own === undefined && [signature, redacted, encrypted].some((proof) => proof !== undefined)) losses.drop(part.at);
  if (text === '' && own === undefined) return undefined;
  return { text, thought: true, ...(own !== undefined && { thoughtSignature: own }) };
}

/** Encodes an image, sound, film or document by its bytes or its address. */
export function encodeMedia(part: MediaPart, isGemini: boolean, losses: LossReport): JsonObject | undefined {
  if (part.type === 'image' && part.detail !== undefined && part.detail !== 'auto') losses.drop(at(part, 'detail'));
  const { source } = part;
  switch (source.kind) {
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data } };
    case 'url':
      return encodeUrl(source.url);
    case 'file':
      if (isGemini || /^(gs|https?):/.test(source.fileId)) return encodeFile(source.fileId, source.mediaType);
      losses.refuse(part.at, 'A file uploaded to another provider cannot be read by Gemini.');
      return undefined;
  }
}

function encodeUrl(url: string): JsonObject {
  const inline = /^data:([^;,]+)(?:;[^,]*)?;base64,(.*)$/s.exec(url);
  if (inline) return { inlineData: { mimeType: inline[1] ?? '', data: inline[2] ?? '' } };
  const extension = /\.(\w+)(?:[?#]|$)/.exec(url)?.[1]?.toLowerCase() ?? '';
  return encodeFile(url, ownValue(typeByExtension, extension));
}

function encodeFile(fileUri: string, mimeType: string | undefined): JsonObject {
  return { fileData: { fileUri, ...(mimeType !== undefined && { mimeType }) } };
}

function at(part: { readonly at?: string }, field: string): string | undefined {
  return part.at === undefined ? undefined : `${part.at}/${field}`;
}
