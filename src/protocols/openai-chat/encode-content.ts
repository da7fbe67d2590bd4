import { Fault } from '../../domain/faults/fault.ts';
import type { ContentPart, JsonObject } from '../../domain/calls/model-call.ts';
import type { LossReport } from './loss-report.ts';
import { dialect } from './dialect-name.ts';
import { compact } from './values.ts';

type PartOf<Type extends ContentPart['type']> = Extract<ContentPart, { readonly type: Type }>;

/** Writes content parts of system, user and tool turns, and the visible ones of assistant turns. */
export class ContentWriter {
  readonly #own: boolean;
  readonly #report: LossReport;

  constructor(own: boolean, report: LossReport) {
    this.#own = own;
    this.#report = report;
  }

  /** A plain text where one text is all there is, else a list of parts. `onlyText` joins texts: many hosts want that. */
  write(parts: readonly ContentPart[], onlyText = false): string | JsonObject[] | Fault {
    const marked = this.#own && parts.some((part) => part.type === 'text' && part.cache !== undefined);
    const texts = parts.filter((part): part is PartOf<'text'> => part.type === 'text');
    if (!marked && texts.length === parts.length && (texts.length <= 1 || onlyText)) {
      for (const part of texts) this.#noteMark(part);
      return texts.map((part) => part.text).join('');
    }
    const written: JsonObject[] = [];
    for (const part of parts) {
      const encoded = this.#writePart(part);
      if (Fault.is(encoded)) return encoded;
      if (encoded) written.push(encoded);
    }
    return written;
  }

  #noteMark(part: PartOf<'text' | 'image' | 'document'>): JsonObject | undefined {
    if (!part.cache) return undefined;
    if (this.#own) return { type: 'ephemeral', ttl: part.cache.ttl };
    this.#report.dropPointer(part.at, '/cache_control');
    return undefined;
  }

  #writePart(part: ContentPart): JsonObject | Fault | undefined {
    switch (part.type) {
      case 'text':
        return compact({ type: 'text', text: part.text, cache_control: this.#noteMark(part) });
      case 'image':
        return this.#writeImage(part);
      case 'audio':
        return writeAudio(part);
      case 'document':
        return this.#writeDocument(part);
      case 'video':
        return this.#writeVideo(part);
      case 'opaque':
        if (part.dialect === dialect) return part.value as JsonObject;
        return unsupported('This part is understood by its own provider only.', part.at);
      default:
        // Reasoning and calls of a turn that is not the assistant's say nothing to the model.
        this.#report.dropPointer(part.at);
        return undefined;
    }
  }

  #writeImage(part: PartOf<'image'>): JsonObject | Fault {
    const { source } = part;
    if (source.kind === 'file') return unsupported('Images by file id cannot be carried in this dialect.', part.at);
    const url = source.kind === 'url' ? source.url : dataUrl(source);
    return compact({
      type: 'image_url',
      image_url: compact({ url, detail: part.detail }),
      cache_control: this.#noteMark(part),
    });
  }

  #writeDocument(part: PartOf<'document'>): JsonObject | Fault {
    const { source, title } = part;
    const cache_control = this.#noteMark(part);
    if (source.kind === 'file') return compact({ type: 'file', file: { file_id: source.fileId }, cache_control });
    if (source.kind === 'url') {
      if (!this.#own) return unsupported('Documents by URL cannot be carried in this dialect.', part.at);
      return compact({ type: 'file', file: compact({ filename: title, file_data: source.url }), cache_control });
    }
    if (source.mediaType.startsWith('text/')) {
      const text = Buffer.from(source.data, 'base64').toString('utf8');
      return compact({ type: 'text', text: title === undefined ? text : `${title}\n\n${text}`, cache_control });
    }
    const filename = title ?? `document.${source.mediaType.split('/').at(-1) ?? 'pdf'}`;
    return compact({ type: 'file', file: { filename, file_data: dataUrl(source) }, cache_control });
  }

  #writeVideo(part: PartOf<'video'>): JsonObject | Fault {
    const { source } = part;
    if (!this.#own || source.kind === 'file') return unsupported('Video cannot be carried in this dialect.', part.at);
    return { type: 'video_url', video_url: { url: source.kind === 'url' ? source.url : dataUrl(source) } };
  }
}

function writeAudio(part: PartOf<'audio'>): JsonObject | Fault {
  const { source } = part;
  if (source.kind !== 'base64') return unsupported('Audio must be sent as bytes in this dialect.', part.at);
  const subtype = source.mediaType.split('/').at(-1)?.replace(/^x-/, '') ?? 'wav';
  const format = part.format ?? (subtype === 'mpeg' ? 'mp3' : subtype.split(';')[0]);
  return { type: 'input_audio', input_audio: { data: source.data, format: format ?? 'wav' } };
}

function dataUrl(source: { readonly mediaType: string; readonly data: string }): string {
  return `data:${source.mediaType};base64,${source.data}`;
}

function unsupported(message: string, param: string | undefined): Fault {
  return new Fault('unsupported_feature', { message, param });
}
