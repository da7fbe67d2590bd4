import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { StreamPosition } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import { BlockReader } from './block-reader.ts';
import { readStopReason } from './finish-reason.ts';
import { readTokenUsage } from './token-usage.ts';

/** Reads the events of a Converse stream into stream parts. Usage may come before or after the stop reason. */
export class AnswerReader {
  readonly #blocks = new BlockReader();
  #started = false;
  #finished = false;
  #metered = false;

  /** Reads one event by its type and parsed payload. Unknown events are kept as they are. */
  read(type: string, event: JsonObject): StreamPart[] {
    const parts: StreamPart[] = [];
    if (!this.#started) {
      this.#started = true;
      parts.push({ type: 'start' });
    }
    switch (type) {
      case 'messageStart':
        return parts;
      case 'contentBlockStart':
      case 'contentBlockDelta':
      case 'contentBlockStop':
        this.#blocks.read(type, event, parts);
        return parts;
      case 'messageStop':
        this.#readStop(event, parts);
        return parts;
      case 'metadata':
        this.#readMetadata(event, parts);
        return parts;
      default:
        return [...parts, { type: 'raw', value: { [type]: event } }];
    }
  }

  /** The upstream is done: closes what is open. */
  end(): StreamPart[] {
    const parts: StreamPart[] = [];
    this.#blocks.closeAll(parts);
    return parts;
  }

  get position(): StreamPosition {
    return {
      sequenceNumber: 0,
      id: undefined,
      model: undefined,
      finished: this.#finished,
      terminated: this.#finished && this.#metered,
    };
  }

  #readStop(event: JsonObject, parts: StreamPart[]): void {
    this.#blocks.closeAll(parts);
    if (this.#finished) return;
    this.#finished = true;
    const word = typeof event['stopReason'] === 'string' ? event['stopReason'] : '';
    const stopSequence = stopSequenceOf(event['additionalModelResponseFields']);
    parts.push({
      type: 'finish',
      reason: readStopReason(word),
      rawReason: word,
      ...(stopSequence !== undefined && { stopSequence }),
    });
  }

  #readMetadata(event: JsonObject, parts: StreamPart[]): void {
    const tier = isObject(event['serviceTier']) ? event['serviceTier']['type'] : undefined;
    const servedTier = typeof tier === 'string' ? tier : undefined;
    const usage = isObject(event['usage']) ? readTokenUsage(event['usage'], servedTier) : undefined;
    if (usage === undefined) return;
    this.#metered = true;
    parts.push({ type: 'usage', usage });
  }
}

/** Whole answers name it at the top of the model's own fields, streams inside their last delta. */
function stopSequenceOf(fields: unknown): string | undefined {
  if (!isObject(fields)) return undefined;
  const holder = isObject(fields['delta']) ? fields['delta'] : fields;
  return typeof holder['stop_sequence'] === 'string' ? holder['stop_sequence'] : undefined;
}
