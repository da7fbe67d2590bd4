import type { ContentPart, JsonObject, MediaSource } from '../../domain/calls/model-call.ts';
import type { Encoding } from './encoding.ts';

type MediaPart = Extract<ContentPart, { readonly source: MediaSource }>;

const formats: { readonly [kind in MediaPart['type']]: { readonly [subtype: string]: string } } = {
  image: { png: 'png', jpeg: 'jpeg', jpg: 'jpeg', gif: 'gif', webp: 'webp' },
  audio: { mpeg: 'mp3', mp3: 'mp3', wav: 'wav', 'x-wav': 'wav', ogg: 'ogg', flac: 'flac', mp4: 'mp4', webm: 'webm' },
  video: { mp4: 'mp4', quicktime: 'mov', webm: 'webm', 'x-matroska': 'mkv', mpeg: 'mpeg', '3gpp': 'three_gp' },
  document: {
    pdf: 'pdf',
    csv: 'csv',
    msword: 'doc',
    'vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
    'vnd.ms-excel': 'xls',
    'vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
    html: 'html',
    plain: 'txt',
    markdown: 'md',
    'x-markdown': 'md',
  },
};

/** Encodes an image, sound, film or document. Converse takes bytes or an object in S3, never an address. */
export function encodeMedia(part: MediaPart, encoding: Encoding): JsonObject | undefined {
  const { losses } = encoding;
  if (part.type === 'image' && part.detail !== undefined && part.detail !== 'auto' && part.at !== undefined) {
    losses.drop(`${part.at}/detail`);
  }
  const media = readSource(part.source);
  if (media === undefined) {
    losses.refuse(part.at, 'Bedrock takes media as bytes or as an object in S3, not by address.');
    return undefined;
  }
  const format = formatOf(part, media.mediaType);
  if (format === undefined) {
    losses.refuse(part.at, `Bedrock takes no ${part.type} of type ${media.mediaType}.`);
    return undefined;
  }
  if (part.type !== 'document') return { [part.type]: { format, source: media.source } };
  return { document: { format, name: documentName(part.title, encoding), source: media.source } };
}

interface Media {
  readonly mediaType: string;
  readonly source: JsonObject;
}

function readSource(source: MediaSource): Media | undefined {
  if (source.kind === 'base64') return { mediaType: source.mediaType, source: { bytes: source.data } };
  const address = source.kind === 'url' ? source.url : source.fileId;
  const inline = /^data:([^;,]+)(?:;[^,]*)?;base64,(.*)$/s.exec(address);
  if (inline) return { mediaType: inline[1] ?? '', source: { bytes: inline[2] ?? '' } };
  if (!address.startsWith('s3://')) return undefined;
  const extension = address.slice(address.lastIndexOf('.') + 1).toLowerCase();
  return { mediaType: `/${extension}`, source: { s3Location: { uri: address } } };
}

/** By media type; where that says nothing, by the extension of the document's name. */
function formatOf(part: MediaPart, mediaType: string): string | undefined {
  const known = formats[part.type];
  const subtype = (mediaType.split('/')[1] ?? '').split(';')[0] ?? '';
  const direct = known[subtype] ?? Object.values(known).find((format) => format === subtype);
  if (direct !== undefined || part.type !== 'document') return direct;
  const extension = /\.(\w+)$/.exec(part.title ?? '')?.[1]?.toLowerCase();
  return (
    Object.values(known).find((format) => format === extension) ?? (mediaType.startsWith('text/') ? 'txt' : undefined)
  );
}

/** Converse allows few characters in a name, no runs of spaces, and no name twice. */
function documentName(title: string | undefined, { documentNames }: Encoding): string {
  const stem = (title ?? '').replace(/\.\w+$/, '');
  const base =
    stem
      .replace(/[^\w\s()[\]-]|_/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 180) || 'document';
  let name = base;
  for (let copy = 2; documentNames.has(name); copy++) name = `${base} [${copy}]`;
  documentNames.add(name);
  return name;
}
