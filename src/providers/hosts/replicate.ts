import { openAICompatible } from '../openai-compatible.ts';

/** Replicate's language models, through its OpenAI proxy. */
export const replicate = openAICompatible({
  id: 'replicate',
  name: 'Replicate',
  baseUrl: 'https://openai-proxy.replicate.com/v1',
  keyEnv: ['REPLICATE_API_TOKEN'],
});
