import { openAICompatible } from '../openai-compatible.ts';

/** OpenAI itself, in both of its dialects. */
export const openai = openAICompatible({
  id: 'openai',
  name: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  keyEnv: ['OPENAI_API_KEY'],
  responses: true,
  recorded: true,
  documentation: { url: 'https://platform.openai.com/docs/api-reference/chat', date: '2026-11-22' },
});
