import { openAICompatible } from '../openai-compatible.ts';

/** xAI, in both of OpenAI's dialects. */
export const xai = openAICompatible({
  id: 'xai',
  name: 'xAI',
  baseUrl: 'https://api.x.ai/v1',
  keyEnv: ['XAI_API_KEY'],
  responses: true,
  recorded: true,
  documentation: { url: 'https://docs.x.ai/docs/api-reference', date: '2026-11-22' },
  quirks: { reasoningField: 'reasoning_content' },
});
