import type { JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

/** Where a statement comes from, as far as it can be linked. */
export interface CitedSource {
  readonly url: string;
  readonly title?: string;
  readonly citedText?: string;
}

/** Reads a citation that points to a page; those into the client's own documents have no address and give undefined. */
export function readCitation(citation: unknown): CitedSource | undefined {
  if (!isObject(citation)) return undefined;
  const { url, source, title, cited_text: citedText } = citation;
  const address = typeof url === 'string' ? url : source;
  if (typeof address !== 'string') return undefined;
  return {
    url: address,
    ...(typeof title === 'string' && { title }),
    ...(typeof citedText === 'string' && { citedText }),
  };
}

/** Writes a linked source as the citation of a web search. */
export function writeCitation(source: CitedSource): JsonObject {
  return {
    type: 'web_search_result_location',
    url: source.url,
    title: source.title ?? null,
    cited_text: source.citedText ?? '',
    encrypted_index: '',
  };
}
