import { openAICompatible } from '../openai-compatible.ts';

/** OpenRouter, in OpenAI's dialect. */
export const openrouter = openAICompatible({
  id: 'openrouter',
  name: 'OpenRouter',
  baseUrl: 'https://openrouter.ai/api/v1',
  keyEnv: ['OPENROUTER_API_KEY'],
  documentation: { url: 'https://openrouter.ai/docs/api-reference/overview', date: '2026-11-22' },
  quirks: { reasoningField: 'reasoning' },
  quirkSources: { reasoningField: 'https://openrouter.ai/docs/guides/best-practices/reasoning-tokens' },
});
