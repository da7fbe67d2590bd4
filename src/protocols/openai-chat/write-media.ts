import type { CompletionBlock } from '../../domain/calls/completion.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';

/** A source as an annotation; where in the text it belongs is not known. */
export function citation(source: { readonly url: string; readonly title?: string }): JsonObject {
  const { url, title = '' } = source;
  return { type: 'url_citation', url_citation: { url, title, start_index: 0, end_index: 0 } };
}

/** A generated image, in the form that hosts of image models use in this dialect. */
export function imagePart(
  media: Pick<Extract<CompletionBlock, { type: 'media' }>, 'mediaType' | 'base64'>,
): JsonObject {
  return { type: 'image_url', image_url: { url: `data:${media.mediaType};base64,${media.base64}` } };
}
