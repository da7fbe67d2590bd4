import { openAICompatible } from '../openai-compatible.ts';

/** DeepInfra, in OpenAI's dialect. */
export const deepinfra = openAICompatible({
  id: 'deepinfra',
  name: 'DeepInfra',
  baseUrl: 'https://api.deepinfra.com/v1/openai',
  keyEnv: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
  documentation: { url: 'https://docs.deepinfra.com/chat/overview', date: '2026-11-22' },
  quirks: { usagePlacement: 'finish-chunk', maxTokensField: 'max_tokens', developerRole: 'unsupported' },
  quirkSources: { usagePlacement: 'https://docs.deepinfra.com/chat/streaming' },
});
