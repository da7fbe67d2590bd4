import { openAICompatible } from '../openai-compatible.ts';

/** DeepInfra, in OpenAI's dialect. */
export const deepinfra = openAICompatible({
  id: 'deepinfra',
  name: 'DeepInfra',
  baseUrl: 'https://api.deepinfra.com/v1/openai',
  keyEnv: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
  documentation: { url: 'https://deepinfra.com/docs/openai_api', date: '2026-11-22' },
  quirks: { usagePlacement: 'finish-chunk' },
});
