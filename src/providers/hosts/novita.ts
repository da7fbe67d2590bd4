import { openAICompatible } from '../openai-compatible.ts';

/** Novita AI, in OpenAI's dialect. */
export const novita = openAICompatible({
  id: 'novita',
  name: 'Novita AI',
  baseUrl: 'https://api.novita.ai/openai/v1',
  keyEnv: ['NOVITA_API_KEY'],
  documentation: {
    url: 'https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion',
    date: '2026-11-22',
  },
  quirks: { maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
});
