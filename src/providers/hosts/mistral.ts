import { openAICompatible } from '../openai-compatible.ts';

/** Mistral: fields it does not know are rejected, not ignored. */
export const mistral = openAICompatible({
  id: 'mistral',
  name: 'Mistral',
  baseUrl: 'https://api.mistral.ai/v1',
  keyEnv: ['MISTRAL_API_KEY'],
  recorded: true,
  documentation: { url: 'https://docs.mistral.ai/api/', date: '2026-11-22' },
  quirks: {
    streamOptions: 'unsupported',
    usagePlacement: 'finish-chunk',
    maxTokensField: 'max_tokens',
    developerRole: 'unsupported',
    renamedFields: { seed: 'random_seed' },
    unsupportedFields: [
      'logit_bias',
      'logprobs',
      'top_logprobs',
      'user',
      'safety_identifier',
      'store',
      'service_tier',
      'verbosity',
      'modalities',
    ],
  },
  quirkSources: {
    streamOptions: 'https://github.com/openai/openai-agents-python/issues/442',
    unsupportedFields: 'https://github.com/mistralai/platform-docs-public/issues/7',
  },
});
