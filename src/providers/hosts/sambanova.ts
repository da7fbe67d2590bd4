import { openAICompatible } from '../openai-compatible.ts';

/** SambaNova: ignores these fields without a word, so we name them instead. */
export const sambanova = openAICompatible({
  id: 'sambanova',
  name: 'SambaNova',
  baseUrl: 'https://api.sambanova.ai/v1',
  keyEnv: ['SAMBANOVA_API_KEY'],
  documentation: { url: 'https://docs.sambanova.ai/docs/en/features/openai-compatibility', date: '2026-11-22' },
  quirks: { unsupportedFields: ['presence_penalty', 'frequency_penalty', 'logit_bias'] },
});
