import type { ContentPart, MediaSource, Message, ModelCall } from '../../domain/calls/model-call.ts';

/** Media that are fetched where a host takes no addresses. */
export type MediaKind = 'image' | 'document';

/** A part that names its bytes by URL. Parts that name the same thing share a key. */
export interface RemoteMedia {
  readonly key: string;
  readonly kind: MediaKind;
  readonly url: string;
  readonly at: string | undefined;
}

/** The media by URL of the given kinds, in order of appearance and each once. Without any it allocates next to nothing. */
export function remoteMediaOf(call: ModelCall, kinds: readonly MediaKind[]): readonly RemoteMedia[] {
  const found = new Map<string, RemoteMedia>();
  const visit = (parts: readonly ContentPart[]): void => {
    for (const part of parts) {
      if (part.type === 'tool-result') visit(part.content);
      const media = readRemote(part);
      if (media && kinds.includes(media.kind) && !found.has(media.key)) found.set(media.key, media);
    }
  };
  for (const { content } of call.messages) visit(content);
  return [...found.values()];
}

/** The call with bytes in place of the URLs that were fetched. */
export function withInlineMedia(call: ModelCall, sources: ReadonlyMap<string, MediaSource>): ModelCall {
  const replace = (part: ContentPart): ContentPart => {
    if (part.type === 'tool-result') return { ...part, content: part.content.map(replace) };
    if (part.type !== 'image' && part.type !== 'document') return part;
    const source = sources.get(readRemote(part)?.key ?? '');
    return source === undefined ? part : { ...part, source };
  };
  const messages = call.messages.map((message): Message => ({ ...message, content: message.content.map(replace) }));
  return { ...call, messages };
}

function readRemote(part: ContentPart): RemoteMedia | undefined {
  if ((part.type !== 'image' && part.type !== 'document') || part.source.kind !== 'url') return undefined;
  const { url } = part.source;
  // Other schemes (`data:`, `s3:`, `gs:`) are the business of the dialects.
  if (!/^https?:/i.test(url)) return undefined;
  return { key: `${part.type} ${url}`, kind: part.type, url, at: part.at };
}
