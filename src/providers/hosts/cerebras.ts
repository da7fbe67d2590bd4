import { openAICompatible } from '../openai-compatible.ts';

/** Cerebras, in OpenAI's dialect. */
export const cerebras = openAICompatible({
  id: 'cerebras',
  name: 'Cerebras',
  baseUrl: 'https://api.cerebras.ai/v1',
  keyEnv: ['CEREBRAS_API_KEY'],
  documentation: { url: 'https://inference-docs.cerebras.ai/resources/openai', date: '2026-11-22' },
  quirks: {
    maxTokensField: 'max_completion_tokens',
    developerRole: 'unsupported',
    reasoningField: 'reasoning',
    unsupportedFields: ['frequency_penalty', 'logit_bias', 'presence_penalty', 'service_tier'],
  },
});
