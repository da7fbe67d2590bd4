import { openAICompatible } from '../openai-compatible.ts';

/** Baseten's shared model APIs, in OpenAI's dialect. */
export const baseten = openAICompatible({
  id: 'baseten',
  name: 'Baseten',
  baseUrl: 'https://inference.baseten.co/v1',
  keyEnv: ['BASETEN_API_KEY'],
  documentation: { url: 'https://docs.baseten.co/quickstart', date: '2026-11-22' },
});
