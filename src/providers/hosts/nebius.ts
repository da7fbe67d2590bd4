import { openAICompatible } from '../openai-compatible.ts';

/** Nebius Token Factory, in OpenAI's dialect. */
export const nebius = openAICompatible({
  id: 'nebius',
  name: 'Nebius',
  baseUrl: 'https://api.tokenfactory.nebius.com/v1',
  keyEnv: ['NEBIUS_API_KEY'],
  documentation: { url: 'https://docs.tokenfactory.nebius.com/api-reference/introduction', date: '2026-11-22' },
});
