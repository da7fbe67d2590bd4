import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { isObject } from '../shared/field-reader.ts';
import { textOf } from './json-text.ts';
import type { OpenBlock, OpenBlocks } from './open-blocks.ts';

/** Reads the content parts of messages into text and refusal blocks. `key` names a part by item and place. */
export class MessageReader {
  readonly #blocks: OpenBlocks;

  constructor(blocks: OpenBlocks) {
    this.#blocks = blocks;
  }

  /** A piece of text. */
  text(key: string, text: string): StreamPart[] {
    const known = this.#known(key, 'text');
    const closing = known === undefined ? this.#blocks.close(key) : [];
    const block = known ?? this.#blocks.open(key, 'text');
    const start: StreamPart[] = known === undefined ? [...closing, { type: 'text-start', index: block.index }] : [];
    if (text === '') return start;
    block.filled = true;
    return [...start, { type: 'text-delta', index: block.index, text }];
  }

  /** A piece of a refusal. */
  refusal(key: string, text: string): StreamPart[] {
    const known = this.#known(key, 'refusal');
    const closing = known === undefined ? this.#blocks.close(key) : [];
    const block = known ?? this.#blocks.open(key, 'refusal');
    if (text === '') return closing;
    block.filled = true;
    return [...closing, { type: 'refusal-delta', index: block.index, text }];
  }

  /** The open block of a place, if it holds this kind: a damaged stream may put text where a refusal had begun. */
  #known(key: string, kind: 'text' | 'refusal'): OpenBlock | undefined {
    const block = this.#blocks.find(key);
    return block?.kind === kind ? block : undefined;
  }

  /** A content part begins, sometimes with content. */
  partAdded(key: string, part: Json | undefined): StreamPart[] {
    if (!isObject(part)) return [];
    if (part['type'] === 'output_text') return this.text(key, textOf(part['text']));
    return part['type'] === 'refusal' ? this.refusal(key, textOf(part['refusal'])) : [];
  }

  /** A content part in full: its text counts only if no piece of it came before. */
  partDone(key: string, part: Json | undefined): StreamPart[] {
    if (!isObject(part)) return [];
    if (this.#blocks.last(key)?.closed === true) return [];
    const known = this.#known(key, part['type'] === 'refusal' ? 'refusal' : 'text');
    const whole = known?.filled === true ? '' : textOf(part['text'] ?? part['refusal']);
    if (part['type'] === 'refusal') return [...this.refusal(key, whole), ...this.#blocks.close(key)];
    if (part['type'] !== 'output_text') return [];
    return [...this.text(key, whole), ...this.#blocks.close(key)];
  }

  /** The whole item: what no piece told before. */
  done(key: string, content: Json | undefined): StreamPart[] {
    if (!Array.isArray(content)) return [];
    return content.flatMap((part, index) => {
      const place = `${key}/${index}`;
      const parts = this.partDone(place, part);
      const cited = this.#blocks.last(place)?.cited === true || !isObject(part) ? undefined : part['annotations'];
      return Array.isArray(cited) ? [...parts, ...cited.flatMap((entry) => this.annotation(place, entry))] : parts;
    });
  }

  /** A citation; other kinds of annotation stay raw. */
  annotation(key: string, annotation: Json | undefined, event?: JsonObject): StreamPart[] {
    if (!isObject(annotation) || typeof annotation['url'] !== 'string') {
      return event === undefined ? [] : [{ type: 'raw', value: event }];
    }
    const { url, title } = annotation;
    const block = this.#blocks.last(key);
    if (block !== undefined && event !== undefined) block.cited = true;
    const index = block?.index;
    return [
      {
        type: 'source',
        url,
        ...(typeof title === 'string' && title !== '' && { title }),
        ...(index !== undefined && { index }),
      },
    ];
  }
}
