import { openAICompatible } from '../openai-compatible.ts';

/** NVIDIA's hosted NIM models, in OpenAI's dialect. */
export const nvidia = openAICompatible({
  id: 'nvidia',
  name: 'NVIDIA NIM',
  baseUrl: 'https://integrate.api.nvidia.com/v1',
  keyEnv: ['NVIDIA_API_KEY'],
});
