import { openAICompatible } from '../openai-compatible.ts';

/** A local LM Studio, in both of OpenAI's dialects. */
export const lmStudio = openAICompatible({
  id: 'lm-studio',
  name: 'LM Studio',
  baseUrl: 'http://127.0.0.1:1234/v1',
  keyEnv: ['LM_STUDIO_API_KEY'],
  responses: true,
  local: true,
  documentation: { url: 'https://lmstudio.ai/docs/developer/openai-compat', date: '2026-11-22' },
});
