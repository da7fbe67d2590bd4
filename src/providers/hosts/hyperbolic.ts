import { openAICompatible } from '../openai-compatible.ts';

/** Hyperbolic, in OpenAI's dialect. */
export const hyperbolic = openAICompatible({
  id: 'hyperbolic',
  name: 'Hyperbolic',
  baseUrl: 'https://api.hyperbolic.xyz/v1',
  keyEnv: ['HYPERBOLIC_API_KEY'],
  documentation: { url: 'https://docs.hyperbolic.xyz/docs/rest-api', date: '2026-11-22' },
  quirks: { maxTokensField: 'max_tokens', developerRole: 'unsupported' },
});
