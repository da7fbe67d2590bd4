import { createHash } from 'node:crypto';
import type { Json, ModelCall } from '../../domain/calls/model-call.ts';
import type { Received } from '../received.ts';

/** Fields that do not change what a model would answer, or that the key holds in another form. */
const irrelevant: ReadonlySet<string> = new Set([
  'dialect',
  'stream',
  'model',
  'pointers',
  'at',
  'endUser',
  'metadata',
  'promptCacheKey',
  'cache',
]);

/**
 * Key of an exact answer: customer and key first, so that tenants never share, then the model and the whole call in
 * the common vocabulary, so that every dialect finds it.
 */
export function cacheKeyOf(received: Received, call: ModelCall, model: string): string {
  const { name, customer } = received.key;
  return createHash('sha256')
    .update(JSON.stringify([customer, name, model]))
    .update(stableText(call as unknown as Json))
    .digest('base64');
}

/** May the answer to this call be kept? Tools may have effects; sampled answers are kept only when asked for. */
export function isCacheable(call: ModelCall, mode: 'deterministic' | 'all'): boolean {
  if (call.tools.length > 0 || (call.sampling.candidates ?? 1) > 1) return false;
  return mode === 'all' || call.sampling.temperature === 0;
}

/** JSON with sorted keys: the order in which a client writes fields does not matter. */
function stableText(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map((item) => stableText(item)).join(',')}]`;
  const entries = Object.entries(value).filter(([key, item]) => !irrelevant.has(key) && item !== undefined);
  entries.sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stableText(item)}`).join(',')}}`;
}
