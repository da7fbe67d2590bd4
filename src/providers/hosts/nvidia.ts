import { openAICompatible } from '../openai-compatible.ts';

/** NVIDIA NIM, in OpenAI's dialect. */
export const nvidia = openAICompatible({
  id: 'nvidia',
  name: 'NVIDIA NIM',
  baseUrl: 'https://integrate.api.nvidia.com/v1',
  keyEnv: ['NVIDIA_API_KEY'],
  documentation: {
    url: 'https://docs.nvidia.com/nim/large-language-models/2.0.6/reference/api-reference.html',
    date: '2026-11-22',
  },
  quirks: { maxTokensField: 'max_tokens' },
});
