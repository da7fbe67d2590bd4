import { openAICompatible } from '../openai-compatible.ts';

/** GitHub Models, in OpenAI's dialect. */
export const githubModels = openAICompatible({
  id: 'github-models',
  name: 'GitHub Models',
  baseUrl: 'https://models.github.ai/inference',
  keyEnv: ['GITHUB_MODELS_TOKEN', 'GITHUB_TOKEN'],
  documentation: { url: 'https://docs.github.com/en/rest/models/inference', date: '2026-11-22' },
});
