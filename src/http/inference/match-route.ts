import type { InboundDialectId, Operation } from '../../domain/calls/dialect.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import type { RouteHints } from '../../protocols/index.ts';
import { matchObject, type ObjectRoute } from './match-object.ts';

/** What a path of the inference API asks for. */
export type InferenceRoute =
  | {
      readonly kind: 'call';
      readonly dialect: InboundDialectId;
      readonly hints: RouteHints;
      readonly passThroughPath?: string;
    }
  | ObjectRoute
  | { readonly kind: 'models'; readonly dialect: InboundDialectId; readonly id?: string }
  /** The path belongs to the inference API but names nothing. */
  | { readonly kind: 'unknown'; readonly dialect: InboundDialectId };

const generating: { readonly [path: string]: { dialect: InboundDialectId; operation: Operation } } = {
  '/chat/completions': { dialect: 'openai-chat', operation: 'generate' },
  '/responses': { dialect: 'openai-responses', operation: 'generate' },
  '/messages': { dialect: 'anthropic-messages', operation: 'generate' },
  '/messages/count_tokens': { dialect: 'anthropic-messages', operation: 'count-tokens' },
};

const passedThrough: { readonly [path: string]: Operation } = {
  '/embeddings': 'embeddings',
  '/completions': 'completions',
  '/rerank': 'rerank',
  '/moderations': 'moderations',
  '/images/generations': 'images',
  '/images/edits': 'images',
  '/images/variations': 'images',
  '/audio/speech': 'speech',
  '/audio/transcriptions': 'transcription',
  '/audio/translations': 'transcription',
};

const geminiMethods: { readonly [method: string]: { operation: Operation; stream: boolean } } = {
  generateContent: { operation: 'generate', stream: false },
  streamGenerateContent: { operation: 'generate', stream: true },
  countTokens: { operation: 'count-tokens', stream: false },
  embedContent: { operation: 'embeddings', stream: false },
  batchEmbedContents: { operation: 'embeddings', stream: false },
};

/** Vendors' prefixes, so that changing a client's base URL is enough. */
const mounts: readonly { prefix: string; home: InboundDialectId }[] = [
  { prefix: '/openai/v1', home: 'openai-chat' },
  { prefix: '/anthropic/v1', home: 'anthropic-messages' },
  { prefix: '/genai/v1beta', home: 'gemini' },
  { prefix: '/genai/v1', home: 'gemini' },
  { prefix: '/genai', home: 'gemini' },
  { prefix: '/v1beta', home: 'gemini' },
  { prefix: '/v1', home: 'openai-chat' },
];

/** Finds the inference route of a path without query; undefined when the path is none of ours. */
export function matchRoute(path: string, isAnthropicClient: boolean): InferenceRoute | undefined {
  const mount = mounts.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
  if (!mount) return undefined;
  const rest = path.slice(mount.prefix.length).replace(/\/+$/, '');
  const home = isAnthropicClient && mount.home === 'openai-chat' ? 'anthropic-messages' : mount.home;
  const call = generating[rest];
  if (call) return { kind: 'call', dialect: call.dialect, hints: { operation: call.operation } };
  const operation = passedThrough[rest];
  if (operation)
    return { kind: 'call', dialect: 'openai-chat', hints: { operation, path: rest }, passThroughPath: rest };
  if (rest === '/models') return { kind: 'models', dialect: home };
  if (rest.startsWith('/models/')) return matchModel(rest.slice('/models/'.length), home);
  const object = home === 'openai-chat' ? matchObject(rest) : undefined;
  return object ?? { kind: 'unknown', dialect: home };
}

/** `{model}:{method}` of Gemini, split at the last colon, or a model to retrieve. Raw and encoded slashes are equal. */
function matchModel(encoded: string, home: InboundDialectId): InferenceRoute {
  const name = decode(encoded);
  if (name === undefined) return { kind: 'unknown', dialect: home };
  const colon = name.lastIndexOf(':');
  const method = colon > 0 ? ownValue(geminiMethods, name.slice(colon + 1)) : undefined;
  if (!method) return { kind: 'models', dialect: home, id: name };
  return { kind: 'call', dialect: 'gemini', hints: { ...method, model: name.slice(0, colon) } };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign names no model.
    return undefined;
  }
}
