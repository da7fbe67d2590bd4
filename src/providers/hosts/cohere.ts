import { openAICompatible } from '../openai-compatible.ts';

/** Cohere, through its compatibility API. */
export const cohere = openAICompatible({
  id: 'cohere',
  name: 'Cohere',
  baseUrl: 'https://api.cohere.ai/compatibility/v1',
  keyEnv: ['COHERE_API_KEY', 'CO_API_KEY'],
  documentation: { url: 'https://docs.cohere.com/docs/compatibility-api', date: '2026-11-22' },
  quirks: {
    maxTokensField: 'max_tokens',
    parallelToolCalls: 'unsupported',
    unsupportedFields: [
      'store',
      'metadata',
      'logit_bias',
      'top_logprobs',
      'n',
      'modalities',
      'prediction',
      'audio',
      'service_tier',
    ],
  },
});
