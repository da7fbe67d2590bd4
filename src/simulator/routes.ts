import type { SimulatedDialectId } from './answers/prompt.ts';

/** Routes that are not a model's answer. */
export type ServiceName =
  | 'embeddings'
  | 'gemini-embed'
  | 'rerank'
  | 'moderations'
  | 'images'
  | 'speech'
  | 'transcription'
  | 'files'
  | 'batches'
  | 'models'
  | 'stored-response'
  | 'oauth-token';

/** What a path asks for. */
export type Route =
  | {
      readonly kind: 'generate' | 'count-tokens';
      readonly dialect: SimulatedDialectId;
      /** Model and streaming where the path says them. */
      readonly model?: string;
      readonly stream?: boolean;
    }
  | { readonly kind: 'service'; readonly service: ServiceName; readonly model?: string; readonly tail: string };

interface PathRule {
  readonly pattern: RegExp;
  readonly make: (match: readonly string[]) => Route;
}

const generate = (dialect: SimulatedDialectId): ((match: readonly string[]) => Route) => {
  return ([, model]) => ({ kind: 'generate', dialect, ...(model !== undefined && { model: decode(model) }) });
};
const service = (name: ServiceName): ((match: readonly string[]) => Route) => {
  return ([, tail = '']) => ({ kind: 'service', service: name, tail: decode(tail) });
};

/** Azure puts the deployment before the operation; everywhere else the model is in the body. */
const deployment = '(?:/deployments/([^/]+))?';

const rules: readonly PathRule[] = [
  { pattern: /\/model\/([^/]+)\/converse$/, make: ([, model = '']) => bedrockRoute(model, false) },
  { pattern: /\/model\/([^/]+)\/converse-stream$/, make: ([, model = '']) => bedrockRoute(model, true) },
  { pattern: /\/models\/(.+):([A-Za-z]+)$/, make: ([, model = '', action = '']) => googleRoute(model, action) },
  { pattern: new RegExp(`${deployment}/chat/completions$`), make: generate('openai-chat') },
  { pattern: new RegExp(`${deployment}/completions$`), make: generate('openai-completions') },
  { pattern: /\/responses$/, make: generate('openai-responses') },
  { pattern: /\/responses\/([^/]+)$/, make: service('stored-response') },
  { pattern: /\/messages$/, make: generate('anthropic-messages') },
  { pattern: /\/messages\/count_tokens$/, make: () => ({ kind: 'count-tokens', dialect: 'anthropic-messages' }) },
  { pattern: new RegExp(`${deployment}/embeddings$`), make: ([, model]) => serviceRoute('embeddings', model) },
  { pattern: /\/rerank$/, make: service('rerank') },
  { pattern: /\/moderations$/, make: service('moderations') },
  { pattern: /\/images\/(generations|edits|variations)$/, make: service('images') },
  { pattern: /\/audio\/speech$/, make: service('speech') },
  { pattern: /\/audio\/(transcriptions|translations)$/, make: service('transcription') },
  { pattern: /\/files(?:\/(.+))?$/, make: service('files') },
  { pattern: /\/batches(?:\/(.+))?$/, make: service('batches') },
  { pattern: /\/models(?:\/(.+))?$/, make: service('models') },
  { pattern: /\/token$/, make: service('oauth-token') },
];

/** The route of a path without its query; undefined for paths no provider has. */
export function matchRoute(path: string): Route | undefined {
  for (const rule of rules) {
    const match = rule.pattern.exec(path);
    if (match !== null) return rule.make(match);
  }
  return undefined;
}

function bedrockRoute(model: string, stream: boolean): Route {
  return { kind: 'generate', dialect: 'bedrock-converse', model: decode(model), stream };
}

function serviceRoute(name: ServiceName, model: string | undefined): Route {
  return { kind: 'service', service: name, tail: '', ...(model !== undefined && { model: decode(model) }) };
}

/** Gemini and Vertex name model and action in the last segment; Vertex also serves Anthropic's models there. */
function googleRoute(encoded: string, action: string): Route {
  const model = decode(encoded);
  if (action === 'rawPredict' || action === 'streamRawPredict') {
    return { kind: 'generate', dialect: 'anthropic-messages', model, stream: action === 'streamRawPredict' };
  }
  if (action === 'countTokens') return { kind: 'count-tokens', dialect: 'gemini', model };
  if (action === 'embedContent' || action === 'batchEmbedContents') {
    return { kind: 'service', service: 'gemini-embed', model, tail: action };
  }
  return { kind: 'generate', dialect: 'gemini', model, stream: action === 'streamGenerateContent' };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
