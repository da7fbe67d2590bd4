import type { JsonObject } from '../../domain/calls/model-call.ts';
import { isObject, type JsonEdit } from '../../protocols/index.ts';
import type { Quirks } from '../quirks.ts';

/** How a chat stream is made to tell its usage. */
export interface UsageRequest {
  readonly edits: readonly JsonEdit[];
  /** We asked, the client did not. */
  readonly added: boolean;
  readonly dropped: readonly string[];
}

const nothing: UsageRequest = { edits: [], added: false, dropped: [] };

/** Asks a chat stream for its usage tail unless the client did, or the host would reject the question. */
export function usageEdit(body: JsonObject, quirks: Quirks | undefined): UsageRequest {
  const given = body['stream_options'];
  if (quirks?.streamOptions === 'unsupported') {
    if (given === undefined) return nothing;
    const isLoss = isObject(given) && Object.keys(given).some((key) => key !== 'include_usage');
    return {
      edits: [{ op: 'remove', pointer: '/stream_options' }],
      added: false,
      dropped: isLoss ? ['/stream_options'] : [],
    };
  }
  if (isObject(given) && given['include_usage'] === true) return nothing;
  return {
    edits: [
      isObject(given)
        ? { op: 'set', pointer: '/stream_options/include_usage', value: true }
        : { op: 'set', pointer: '/stream_options', value: { include_usage: true } },
    ],
    added: true,
    dropped: [],
  };
}
