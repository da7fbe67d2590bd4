import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { isObject } from '../shared/field-reader.ts';
import { fieldOf } from './gemini-reader.ts';

const chunkKinds = ['web', 'retrievedContext', 'maps', 'image'];

/** Reads grounding and citations of a candidate as sources; each address once, though streams repeat them. */
export class SourceReader {
  readonly #seen = new Set<string>();

  read(candidate: JsonObject): StreamPart[] {
    const grounding = fieldOf(candidate, 'groundingMetadata');
    const citations = fieldOf(candidate, 'citationMetadata');
    return [
      ...(isObject(grounding) ? this.#readGrounding(grounding) : []),
      ...(isObject(citations) ? this.#readCitations(citations) : []),
    ];
  }

  #readGrounding(grounding: JsonObject): StreamPart[] {
    const supports = objectsOf(fieldOf(grounding, 'groundingSupports'));
    return objectsOf(fieldOf(grounding, 'groundingChunks')).flatMap((chunk, at) => {
      const kind = chunkKinds.map((name) => fieldOf(chunk, name)).find(isObject);
      return kind === undefined ? [] : this.#source(kind, citedText(supports, at));
    });
  }

  #readCitations(metadata: JsonObject): StreamPart[] {
    const list = fieldOf(metadata, 'citations') ?? fieldOf(metadata, 'citationSources');
    return objectsOf(list).flatMap((citation) => this.#source(citation, undefined));
  }

  #source(value: JsonObject, text: string | undefined): StreamPart[] {
    const url = fieldOf(value, 'uri') ?? fieldOf(value, 'sourceUri');
    if (typeof url !== 'string' || this.#seen.has(url)) return [];
    this.#seen.add(url);
    const { title } = value;
    return [
      {
        type: 'source',
        url,
        ...(typeof title === 'string' && { title }),
        ...(text !== undefined && { citedText: text }),
      },
    ];
  }
}

/** Text of the answer that the chunk of this number supports. */
function citedText(supports: readonly JsonObject[], chunkIndex: number): string | undefined {
  const support = supports.find((item) => {
    const indices = fieldOf(item, 'groundingChunkIndices');
    return Array.isArray(indices) && indices.includes(chunkIndex);
  });
  const text = isObject(support?.['segment']) ? support['segment']['text'] : undefined;
  return typeof text === 'string' ? text : undefined;
}

function objectsOf(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? (list as readonly Json[]).filter(isObject) : [];
}
