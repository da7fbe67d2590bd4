import { openAICompatible } from '../openai-compatible.ts';

/** A local Ollama. */
export const ollama = openAICompatible({
  id: 'ollama',
  name: 'Ollama',
  baseUrl: 'http://127.0.0.1:11434/v1',
  keyEnv: ['OLLAMA_API_KEY'],
  local: true,
  documentation: { url: 'https://docs.ollama.com/api/openai-compatibility', date: '2026-11-22' },
  quirks: { maxTokensField: 'max_tokens', reasoningField: 'reasoning', unsupportedFields: ['logit_bias', 'n', 'user'] },
});
