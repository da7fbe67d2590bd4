import { openAICompatible } from '../openai-compatible.ts';

/** Together AI, in OpenAI's dialect. */
export const together = openAICompatible({
  id: 'together',
  name: 'Together AI',
  baseUrl: 'https://api.together.ai/v1',
  keyEnv: ['TOGETHER_API_KEY'],
  documentation: { url: 'https://docs.together.ai/docs/inference/openai-compatibility', date: '2026-11-22' },
  quirks: { maxTokensField: 'max_tokens' },
  quirkSources: { maxTokensField: 'https://docs.together.ai/docs/inference/chat/parameters' },
});
